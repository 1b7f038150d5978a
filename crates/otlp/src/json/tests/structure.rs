//! Members: their order, how often they occur, and what holds nothing.

use super::{Of, Projection, SignalSet, Transcoder, check, read};
use crate::repair::Repair::{self, *};
use crate::schema::{Kind, Message, Rule};
use crate::signal::Signal;
use crate::verify::Form;
use crate::wire::sample::{all, attribute, double, fixed64, message, text, varint};

const NONE: &[Repair] = &[];

#[test]
fn members_in_any_order() {
    let (a, b) = (attribute(9, "a", b""), attribute(9, "b", b""));
    check(
        Of::Span,
        [
            (r#""kind":1,"name":"n""#, all([text(5, "n"), varint(6, 1)]), NONE),
            (
                r#""flags":0,"kind":1,"attributes":[{"key":"a","value":{}},{"key":"b","value":{}}],"name":"","spanId":"01""#,
                all([text(2, [1]), varint(6, 1), a, b]),
                NONE,
            ),
            // A member that leaves nothing, before and behind others in wrong order.
            (
                r#""traceState":"","traceId":"01","name":"n","spanId":"02""#,
                all([text(1, [1]), text(2, [2]), text(5, "n")]),
                NONE,
            ),
            (
                r#""status":{"code":1,"message":"m"},"name":"n""#,
                all([text(5, "n"), message(15, [text(2, "m"), varint(3, 1)])]),
                NONE,
            ),
            (
                r#""attributes":[{"value":{"intValue":1},"key":"k"}]"#,
                attribute(9, "k", &varint(3, 1)),
                NONE,
            ),
            (
                r#""attributes":[{"value":{"stringValue":"v"},"unknown":{},"key":"k","x":1}]"#,
                attribute(9, "k", &text(1, "v")),
                NONE,
            ),
            (
                r#""attributes":[{"key":"k","x":[],"value":{"stringValue":"v","y":{}}}]"#,
                attribute(9, "k", &text(1, "v")),
                NONE,
            ),
        ],
    );
}

#[test]
fn every_member_of_every_message_in_reverse_order() {
    for (signal, of) in
        [(Signal::Traces, Of::Span), (Signal::Logs, Of::Log), (Signal::Metrics, Of::Metric)]
    {
        let forward = object(signal.data(), &mut vec![], false);
        let backward = object(signal.data(), &mut vec![], true);
        assert_ne!(forward, backward);
        let forward = read(of, &forward).expect("a record");
        assert!(forward.1.is_empty());
        assert_eq!(read(of, &backward).expect("a record"), forward);
    }
}

/// A message with every member set, but for all but one of a oneof.
fn object(message: &'static Message, open: &mut Vec<&'static str>, reverse: bool) -> String {
    open.push(message.name);
    let mut oneof = false;
    let mut members = Vec::new();
    for field in message.fields {
        let value = match field.kind {
            Kind::Message(nested) if open.contains(&nested.name) => continue,
            _ if field.rule == Rule::Oneof && oneof => continue,
            Kind::Message(nested) => object(nested, open, reverse),
            Kind::String | Kind::Id => "\"0a\"".to_owned(),
            Kind::Bytes => "\"AAAA\"".to_owned(),
            Kind::Bool => "true".to_owned(),
            _ => "7".to_owned(),
        };
        oneof |= field.rule == Rule::Oneof;
        let array = field.rule == Rule::Repeated;
        let value = if array { format!("[{value},{value}]") } else { value };
        members.push(format!("\"{}\":{value}", field.name));
    }
    open.pop();
    if reverse {
        members.reverse();
    }
    format!("{{{}}}", members.join(","))
}

/// J8, row 26.
#[test]
fn null_is_absent_everywhere() {
    for signal in Signal::ALL {
        nulls(signal.data(), &mut vec![], &|json| {
            let mut transcoder = Transcoder::new();
            let outcome = transcoder
                .read(json.as_bytes(), SignalSet::ALL, Projection::ALL)
                .unwrap_or_else(|error| panic!("{error} in {json}"));
            assert!(outcome.repairs.is_empty(), "{json}");
            let request = transcoder.request(signal).map(|request| request.bytes().to_vec());
            let without = json.rfind("\"").and_then(|end| json[..end].rfind('"')).expect("a name");
            let member = &json[without..=json.find("null").expect("null") + 3];
            let record = json.replace(member, "");
            transcoder.read(record.as_bytes(), SignalSet::ALL, Projection::ALL).expect("a record");
            if record != "{}" {
                assert_eq!(
                    transcoder.request(signal).map(|request| request.bytes().to_vec()),
                    request,
                    "{json}"
                );
            }
        });
    }
}

/// Calls `check` with records in which one member is null, for each member that there is.
fn nulls(message: &'static Message, open: &mut Vec<&'static Message>, check: &dyn Fn(&str)) {
    walk(message, open, &mut String::from("{"), "}", check);
}

fn walk(
    message: &'static Message,
    open: &mut Vec<&'static Message>,
    before: &mut String,
    after: &str,
    check: &dyn Fn(&str),
) {
    if open.iter().any(|known| std::ptr::eq(*known, message)) {
        return;
    }
    open.push(message);
    let len = before.len();
    for field in message.fields {
        check(&format!("{before}\"{}\":null{after}", field.name));
        if let Kind::Message(nested) = field.kind {
            let array = field.rule == Rule::Repeated;
            before.push_str(&format!("\"{}\":{}{{", field.name, if array { "[" } else { "" }));
            walk(
                nested,
                open,
                before,
                &format!("}}{}{after}", if array { "]" } else { "" }),
                check,
            );
            before.truncate(len);
        }
    }
    open.pop();
}

/// J8, row 26.
#[test]
fn what_null_stands_beside() {
    check(
        Of::Span,
        [
            (r#""name":null,"kind":1"#, varint(6, 1), NONE),
            (r#""attributes":[{"key":null,"value":null}]"#, text(9, ""), NONE),
            (r#""attributes":[{"key":"k","value":null}]"#, text(9, text(1, "k")), NONE),
            (
                r#""attributes":[{"key":"k","value":{"doubleValue":null}}]"#,
                attribute(9, "k", b""),
                NONE,
            ),
            (
                r#""attributes":[{"key":"k","value":{"intValue":null,"stringValue":"v"}}]"#,
                attribute(9, "k", &text(1, "v")),
                NONE,
            ),
            // An element cannot be absent.
            (r#""attributes":[null,{"key":"k"}]"#, text(9, text(1, "k")), &[WrongType]),
        ],
    );
    check(
        Of::Histogram,
        [(
            r#""bucketCounts":["1",null,"2"]"#,
            text(6, [1u64, 2].map(u64::to_le_bytes).concat()),
            &[WrongType],
        )],
    );
}

/// J9, row 26.
#[test]
fn empty_objects_and_arrays() {
    check(
        Of::Log,
        [
            (r#""body":{}"#, text(5, ""), NONE),
            (r#""body":{ }"#, text(5, ""), NONE),
            (r#""body":{"stringValue":""}"#, text(5, text(1, "")), NONE),
            (r#""body":{"bytesValue":""}"#, text(5, text(7, "")), NONE),
            (r#""body":{"intValue":"0"}"#, text(5, varint(3, 0)), NONE),
            (r#""body":{"doubleValue":0}"#, text(5, double(4, 0.0)), NONE),
            (r#""body":{"boolValue":false}"#, text(5, varint(2, 0)), NONE),
            (r#""body":{"arrayValue":{}}"#, text(5, text(5, "")), NONE),
            (r#""body":{"arrayValue":{"values":[]}}"#, text(5, text(5, "")), NONE),
            (r#""body":{"arrayValue":{"values":[{}]}}"#, text(5, text(5, text(1, ""))), NONE),
            (r#""body":{"kvlistValue":{"values":[{}]}}"#, text(5, text(6, text(1, ""))), NONE),
            (r#""attributes":[]"#, vec![], NONE),
            (r#""attributes":[{}]"#, text(6, ""), NONE),
        ],
    );
    check(
        Of::Histogram,
        [(
            r#""sum":0,"min":0,"max":0,"count":"0""#,
            all([double(5, 0.0), double(11, 0.0), double(12, 0.0)]),
            NONE,
        )],
    );
    check(
        Of::Summary,
        [(r#""sum":0,"count":"0","quantileValues":[{"quantile":0,"value":0}]"#, text(6, ""), NONE)],
    );
    check(
        Of::Number,
        [(r#""asInt":"0""#, fixed64(6, 0), NONE), (r#""asDouble":0"#, double(4, 0.0), NONE)],
    );
    check(Of::Histogram, [(r#""bucketCounts":[],"explicitBounds":[]"#, vec![], NONE)]);
    check(
        Of::Span,
        [(
            r#""status":{},"events":[{}],"links":[{},{}]"#,
            all([text(11, ""), text(13, ""), text(13, ""), text(15, "")]),
            NONE,
        )],
    );
}

/// J9, row 29.
#[test]
fn the_last_of_equal_members_counts() {
    check(
        Of::Span,
        [
            (r#""name":"a","name":"b""#, text(5, "b"), NONE),
            (r#""name":"a","name":"""#, text(5, ""), NONE),
            (r#""name":"a","kind":2,"name":"b","kind":0"#, all([text(5, "b"), varint(6, 0)]), NONE),
            (r#""kind":0,"kind":3"#, varint(6, 3), NONE),
            (r#""traceId":"01","traceId":"02""#, text(1, [2]), NONE),
            (r#""attributes":[{"key":"a","key":"b","value":{}}]"#, attribute(9, "b", b""), NONE),
            // Messages are merged and arrays go on, as in protobuf.
            (
                r#""status":{"code":1},"status":{"message":"m"}"#,
                message(15, [text(2, "m"), varint(3, 1)]),
                NONE,
            ),
            (
                r#""attributes":[{"key":"a"}],"kind":1,"attributes":[{"key":"b"}]"#,
                all([varint(6, 1), text(9, text(1, "a")), text(9, text(1, "b"))]),
                NONE,
            ),
            (
                r#""attributes":[{"key":"k","value":{"intValue":1},"value":{"stringValue":"v"}}]"#,
                attribute(9, "k", &text(1, "v")),
                NONE,
            ),
        ],
    );
    let counts =
        |values: &[u64]| text(6, values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
    check(
        Of::Histogram,
        [(
            r#""bucketCounts":[1],"count":2,"bucketCounts":[3]"#,
            all([fixed64(4, 2), counts(&[1, 3])]),
            NONE,
        )],
    );
}

/// J9.
#[test]
fn the_last_member_of_a_oneof_counts() {
    let body = |json: &str, value: Vec<u8>| {
        check(Of::Log, [(&format!("\"body\":{{{json}}}"), text(5, &value), NONE)]);
        let member = format!("\"attributes\":[{{\"key\":\"k\",\"value\":{{{json}}}}}]");
        check(Of::Log, [(&member, attribute(6, "k", &value), NONE)]);
    };
    body(r#""stringValue":"a","intValue":"5""#, varint(3, 5));
    body(r#""intValue":"5","stringValue":"a""#, text(1, "a"));
    body(r#""intValue":"5","boolValue":false"#, varint(2, 0));
    body(r#""boolValue":true,"bytesValue":"AA==""#, text(7, [0]));
    body(r#""doubleValue":1,"arrayValue":{}"#, text(5, ""));
    body(r#""arrayValue":{"values":[{"intValue":1}]},"stringValue":"a""#, text(1, "a"));
    body(r#""kvlistValue":{"values":[{}]},"arrayValue":{}"#, text(5, ""));
    body(r#""stringValue":"a","resourceSpans":[{}],"key":1,"values":[]"#, text(1, "a"));
    body(r#""stringValue":"a","intValue":null"#, text(1, "a"));
    check(
        Of::Number,
        [
            (r#""asInt":1,"asDouble":2"#, double(4, 2.0), NONE),
            (r#""asDouble":2,"asInt":1"#, fixed64(6, 1), NONE),
        ],
    );
    check(
        Of::Metric,
        [(
            r#""gauge":{"dataPoints":[{}]},"sum":{},"name":"n""#,
            all([text(1, "n"), text(7, "")]),
            NONE,
        )],
    );
}

/// Row 10.
#[test]
fn values_in_values() {
    let list = r#"{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}}]}}"#;
    let map = message(6, [attribute(1, "k", b"\x10\x01")]);
    let expected = message(5, [text(1, varint(3, 1)), text(1, map)]);
    check(Of::Log, [(&format!("\"body\":{list}"), text(5, &expected), NONE)]);
    check(
        Of::Log,
        [(
            &format!("\"attributes\":[{{\"key\":\"a\",\"value\":{list}}}]"),
            attribute(6, "a", &expected),
            NONE,
        )],
    );
}

#[test]
fn elements_of_the_wrong_type_are_left_out() {
    check(
        Of::Span,
        [
            (r#""attributes":{"key":"k"}"#, vec![], &[WrongType]),
            (r#""attributes":"k""#, vec![], &[WrongType]),
            (
                r#""attributes":[1,"a",[{"key":"x"}],{"key":"k"},true]"#,
                text(9, text(1, "k")),
                &[WrongType; 4],
            ),
            (r#""attributes":[{"key":5,"value":7}]"#, text(9, ""), &[WrongType; 2]),
            (r#""status":[],"events":{}"#, vec![], &[WrongType; 2]),
            (r#""status":1"#, vec![], &[WrongType]),
        ],
    );
    check(
        Of::Histogram,
        [(
            r#""bucketCounts":["1","x",{},[2],3,-1]"#,
            text(6, [1u64, 3].map(u64::to_le_bytes).concat()),
            &[WrongType; 4],
        )],
    );
    check(
        Of::Histogram,
        [(r#""bucketCounts":["x"],"explicitBounds":{}"#, vec![], &[WrongType; 2])],
    );
}

#[test]
fn strings_in_arrays() {
    let record = r#"{"resourceLogs":[{"resource":{"entityRefs":[{"idKeys":["a","",5,"\u0062"],"type":"t"}]},"scopeLogs":[{"logRecords":[{}]}]}]}"#;
    let mut transcoder = Transcoder::new();
    let outcome =
        transcoder.read(record.as_bytes(), SignalSet::ALL, Projection::ALL).expect("a record");
    assert_eq!(outcome.repairs.of(WrongType), 1);
    let entity = message(3, [text(2, "t"), text(3, "a"), text(3, ""), text(3, "b")]);
    let expected = message(1, [text(1, entity), message(2, [text(2, "")])]);
    let request = transcoder.request(Signal::Logs).expect("log records");
    assert_eq!((request.bytes(), request.form()), (expected.as_slice(), Form::Canonical));
}
