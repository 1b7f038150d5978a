//! Every field of every message.

use super::check;
use crate::schema::*;
use crate::signal::Signal;
use crate::wire::sample::{all, attribute, double, fixed32, fixed64, group, message, text, varint};
use crate::wire::zigzag;

fn packed<const N: usize>(number: u32, values: [u64; N]) -> Vec<u8> {
    text(number, values.map(u64::to_le_bytes).concat())
}

#[test]
fn groups_of_resources_and_scopes() {
    let attribute = attribute(1, "k", b"\x18\x01");
    let resource = all([
        attribute.clone(),
        varint(2, 5),
        message(3, [text(1, "u"), text(2, "service"), text(3, "a"), text(3, ""), text(4, "b")]),
    ]);
    check(
        &RESOURCE,
        [(
            resource,
            r#"{"attributes":[{"key":"k","value":{"intValue":"1"}}],"droppedAttributesCount":5,"entityRefs":[{"schemaUrl":"u","type":"service","idKeys":["a",""],"descriptionKeys":["b"]}]}"#,
        )],
    );
    let scope = all([text(1, "n"), text(2, "v"), text(3, text(1, "k")), varint(4, 7)]);
    check(
        &INSTRUMENTATION_SCOPE,
        [(
            scope,
            r#"{"name":"n","version":"v","attributes":[{"key":"k"}],"droppedAttributesCount":7}"#,
        )],
    );
    let group = |leaves: &[u8]| {
        let scope = all([text(1, text(1, "s")), leaves.to_vec(), text(3, "v")]);
        message(1, [message(1, [varint(2, 1)]), text(2, scope), text(2, ""), text(3, "u")])
    };
    let leaves = all([text(2, text(5, "")), text(2, "")]);
    let names = [("Spans", "spans"), ("Metrics", "metrics"), ("Logs", "logRecords")];
    for (signal, (group_name, leaf)) in Signal::ALL.into_iter().zip(names) {
        let leaf_text = match signal {
            Signal::Traces => "{}",
            Signal::Metrics => r#"{"gauge":{}}"#,
            Signal::Logs => r#"{"body":{}}"#,
        };
        let expected = format!(
            r#"{{"resource{group_name}":[{{"resource":{{"droppedAttributesCount":1}},"scope{group_name}":[{{"scope":{{"name":"s"}},"{leaf}":[{leaf_text},{{}}],"schemaUrl":"v"}},{{}}],"schemaUrl":"u"}}]}}"#
        );
        check(signal.data(), [(group(&leaves), &expected), (vec![], "{}")]);
    }
}

#[test]
fn spans() {
    let id = |len: u8| (0xf0..=0xff).take(len.into()).collect::<Vec<u8>>();
    let event = all([fixed64(1, 2), text(2, "e"), text(3, text(1, "k")), varint(4, 3)]);
    let link = all([
        text(1, id(16)),
        text(2, id(8)),
        text(3, "s"),
        text(4, text(1, "k")),
        varint(5, 4),
        fixed32(6, 0x300),
    ]);
    let span = all([
        text(1, id(16)),
        text(2, id(8)),
        text(3, "a=b"),
        text(4, id(8)),
        text(5, "name"),
        varint(6, 2),
        fixed64(7, 1_750_000_000_123_456_789),
        fixed64(8, u64::MAX),
        attribute(9, "a", b""),
        attribute(9, "b", b""),
        varint(10, 1),
        text(11, event),
        text(11, ""),
        varint(12, 2),
        text(13, link),
        varint(14, 3),
        message(15, [text(2, "m"), varint(3, 2)]),
        fixed32(16, u32::MAX),
    ]);
    let expected = concat!(
        r#"{"traceId":"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff","spanId":"f0f1f2f3f4f5f6f7","#,
        r#""traceState":"a=b","parentSpanId":"f0f1f2f3f4f5f6f7","name":"name","kind":2,"#,
        r#""startTimeUnixNano":"1750000000123456789","endTimeUnixNano":"18446744073709551615","#,
        r#""attributes":[{"key":"a","value":{}},{"key":"b","value":{}}],"droppedAttributesCount":1,"#,
        r#""events":[{"timeUnixNano":"2","name":"e","attributes":[{"key":"k"}],"droppedAttributesCount":3},{}],"#,
        r#""droppedEventsCount":2,"links":[{"traceId":"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff","#,
        r#""spanId":"f0f1f2f3f4f5f6f7","traceState":"s","attributes":[{"key":"k"}],"#,
        r#""droppedAttributesCount":4,"flags":768}],"droppedLinksCount":3,"#,
        r#""status":{"message":"m","code":2},"flags":4294967295}"#,
    );
    check(&SPAN, [(span, expected), (text(15, ""), r#"{"status":{}}"#), (vec![], "{}")]);
}

#[test]
fn log_records() {
    let record = all([
        fixed64(1, 1),
        varint(2, 9),
        text(3, "INFO"),
        text(5, text(1, "body")),
        attribute(6, "k", b"\x10\x01"),
        varint(7, 2),
        fixed32(8, 1),
        text(9, [0; 16]),
        text(10, [0xab; 8]),
        fixed64(11, 2),
        text(12, "event"),
    ]);
    let expected = concat!(
        r#"{"timeUnixNano":"1","severityNumber":9,"severityText":"INFO","body":{"stringValue":"body"},"#,
        r#""attributes":[{"key":"k","value":{"boolValue":true}}],"droppedAttributesCount":2,"flags":1,"#,
        r#""traceId":"00000000000000000000000000000000","spanId":"abababababababab","#,
        r#""observedTimeUnixNano":"2","eventName":"event"}"#,
    );
    check(&LOG_RECORD, [(record, expected), (text(5, ""), r#"{"body":{}}"#)]);
}

#[test]
fn metrics() {
    let head = all([text(1, "n"), text(2, "d"), text(3, "By")]);
    let cases: [(Vec<u8>, &str); 6] = [
        (text(5, text(1, "")), r#""gauge":{"dataPoints":[{}]},"#),
        (
            message(7, [text(1, ""), varint(2, 2), varint(3, 1)]),
            r#""sum":{"dataPoints":[{}],"aggregationTemporality":2,"isMonotonic":true},"#,
        ),
        (
            message(9, [text(1, ""), text(1, ""), varint(2, 1)]),
            r#""histogram":{"dataPoints":[{},{}],"aggregationTemporality":1},"#,
        ),
        (
            message(10, [text(1, ""), varint(2, u64::MAX)]),
            r#""exponentialHistogram":{"dataPoints":[{}],"aggregationTemporality":-1},"#,
        ),
        (text(11, text(1, "")), r#""summary":{"dataPoints":[{}]},"#),
        (vec![], ""),
    ];
    for (data, expected) in cases {
        let metric = all([head.clone(), data, text(12, text(1, "k"))]);
        let expected = format!(
            r#"{{"name":"n","description":"d","unit":"By",{expected}"metadata":[{{"key":"k"}}]}}"#
        );
        check(&METRIC, [(metric, &expected)]);
    }
}

#[test]
fn number_points_and_exemplars() {
    let exemplar = all([
        fixed64(2, 3),
        double(3, 0.5),
        text(4, [1; 8]),
        text(5, [2; 16]),
        text(7, text(1, "k")),
    ]);
    let point = all([
        fixed64(2, 1),
        fixed64(3, 2),
        double(4, 1.5),
        text(5, exemplar),
        text(5, fixed64(6, u64::MAX)),
        text(5, ""),
        attribute(7, "k", b""),
        varint(8, 1),
    ]);
    let expected = concat!(
        r#"{"startTimeUnixNano":"1","timeUnixNano":"2","asDouble":1.5,"exemplars":["#,
        r#"{"timeUnixNano":"3","asDouble":0.5,"spanId":"0101010101010101","#,
        r#""traceId":"02020202020202020202020202020202","filteredAttributes":[{"key":"k"}]},"#,
        r#"{"asInt":"-1"},{}],"attributes":[{"key":"k","value":{}}],"flags":1}"#,
    );
    check(
        &NUMBER_DATA_POINT,
        [
            (point, expected),
            (fixed64(6, i64::MIN as u64), r#"{"asInt":"-9223372036854775808"}"#),
            (fixed64(6, 0), r#"{"asInt":"0"}"#),
            (double(4, 0.0), r#"{"asDouble":0.0}"#),
        ],
    );
}

#[test]
fn histogram_points() {
    let point = all([
        fixed64(2, 1),
        fixed64(3, 2),
        fixed64(4, 3),
        double(5, 0.0),
        packed(6, [0, 1, u64::MAX]),
        packed(7, [0.25f64, -0.0].map(f64::to_bits)),
        text(8, ""),
        text(9, ""),
        varint(10, 1),
        double(11, 0.0),
        double(12, -1.0),
    ]);
    let expected = concat!(
        r#"{"startTimeUnixNano":"1","timeUnixNano":"2","count":"3","sum":0.0,"#,
        r#""bucketCounts":["0","1","18446744073709551615"],"explicitBounds":[0.25,-0.0],"#,
        r#""exemplars":[{}],"attributes":[{}],"flags":1,"min":0.0,"max":-1.0}"#,
    );
    check(&HISTOGRAM_DATA_POINT, [(point, expected)]);
}

#[test]
fn exponential_histogram_points() {
    let point = all([
        text(1, ""),
        fixed64(2, 1),
        fixed64(3, 2),
        fixed64(4, 3),
        double(5, 4.5),
        varint(6, zigzag(-20)),
        fixed64(7, 5),
        message(8, [varint(1, zigzag(i32::MIN.into())), text(2, [0, 1, 0xac, 0x02])]),
        message(9, [varint(1, zigzag(i32::MAX.into()))]),
        varint(10, 1),
        text(11, ""),
        double(12, f64::NEG_INFINITY),
        double(13, f64::NAN),
        double(14, 1e-9),
    ]);
    let expected = concat!(
        r#"{"attributes":[{}],"startTimeUnixNano":"1","timeUnixNano":"2","count":"3","sum":4.5,"#,
        r#""scale":-20,"zeroCount":"5","positive":{"offset":-2147483648,"bucketCounts":["0","1","300"]},"#,
        r#""negative":{"offset":2147483647},"flags":1,"exemplars":[{}],"min":"-Infinity","max":"NaN","#,
        r#""zeroThreshold":1e-9}"#,
    );
    check(&EXPONENTIAL_HISTOGRAM_DATA_POINT, [(point, expected)]);
}

#[test]
fn summary_points() {
    let point = all([
        fixed64(2, 1),
        fixed64(3, 2),
        fixed64(4, 3),
        double(5, 1.5),
        message(6, [double(1, 0.99), double(2, 100.0)]),
        text(6, ""),
        text(7, ""),
        varint(8, 1),
    ]);
    let expected = concat!(
        r#"{"startTimeUnixNano":"1","timeUnixNano":"2","count":"3","sum":1.5,"#,
        r#""quantileValues":[{"quantile":0.99,"value":100.0},{}],"attributes":[{}],"flags":1}"#,
    );
    check(&SUMMARY_DATA_POINT, [(point, expected)]);
}

#[test]
fn a_default_is_absent_where_the_field_has_no_presence() {
    for message in every_message() {
        for field in message.fields {
            let bytes = match field.wire_type() {
                WireType::Varint => varint(field.number.into(), 0),
                WireType::Fixed64 => fixed64(field.number.into(), 0),
                WireType::Fixed32 => fixed32(field.number.into(), 0),
                WireType::Len => text(field.number.into(), ""),
            };
            let is_message = matches!(field.kind, Kind::Message(_));
            let is_list = field.rule == Rule::Repeated;
            let scalars = is_list && field.kind.wire_type() != WireType::Len;
            let shown = field.rule != Rule::Singular && !scalars || is_message;
            let found = super::json(message, &bytes);
            assert_eq!(found != "{}", shown, "{}.{}: {found}", message.name, field.name);
            if shown {
                let open = if is_list { "[" } else { "" };
                assert!(found.starts_with(&format!("{{\"{}\":{open}", field.name)), "{found}");
            }
        }
    }
}

#[test]
fn unknown_fields_are_left_out_wherever_they_stand() {
    let unknown =
        [varint(100, 1), fixed64(1000, 1), text(17, "u"), group(18), fixed32(0x1fff_ffff, 1)];
    for unknown in unknown {
        let key_value = all([
            unknown.clone(),
            text(1, "k"),
            unknown.clone(),
            text(2, varint(3, 1)),
            unknown.clone(),
        ]);
        let value = all([unknown.clone(), text(1, "v"), unknown.clone()]);
        let span = all([
            unknown.clone(),
            text(9, &key_value),
            unknown.clone(),
            text(9, all([text(1, "l"), text(2, &value), unknown.clone()])),
            unknown,
        ]);
        let expected = r#"{"attributes":[{"key":"k","value":{"intValue":"1"}},{"key":"l","value":{"stringValue":"v"}}]}"#;
        check(&SPAN, [(span, expected)]);
    }
}

/// Every message that a request of some signal may hold.
fn every_message() -> Vec<&'static Message> {
    let mut messages: Vec<&'static Message> = Signal::ALL.map(Signal::data).to_vec();
    let mut next = 0;
    while let Some(message) = messages.get(next) {
        next += 1;
        for field in message.fields {
            if let Kind::Message(nested) = field.kind
                && !messages.iter().any(|known| std::ptr::eq(*known, nested))
            {
                messages.push(nested);
            }
        }
    }
    messages
}
