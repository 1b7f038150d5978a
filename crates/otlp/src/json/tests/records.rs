//! Whole records: signals, documents, what is no OTLP, and what is wanted of them.

use super::{Foreign, Projection, Signal, SignalSet, Transcoder};
use crate::repair::Repair;
use crate::wire::sample::{all, attribute, fixed64, message, text, varint};

fn read(record: impl AsRef<[u8]>) -> (SignalSet, Option<Foreign>, [Option<Vec<u8>>; 3]) {
    let mut transcoder = Transcoder::new();
    let outcome =
        transcoder.read(record.as_ref(), SignalSet::ALL, Projection::ALL).unwrap_or_else(|error| {
            panic!("{error} in {:?}", String::from_utf8_lossy(record.as_ref()))
        });
    let requests = Signal::ALL
        .map(|signal| transcoder.request(signal).map(|request| request.bytes().to_vec()));
    (outcome.found, outcome.foreign, requests)
}

/// J3, row 65: unknown members are ignored, whatever they hold.
#[test]
fn signals_by_their_keys() {
    let [traces, metrics, logs] = Signal::ALL.map(SignalSet::only);
    let group = text(1, "");
    let cases = [
        (r#"{"resourceSpans":[{}]}"#, traces, [Some(group.clone()), None, None]),
        (r#"{"resourceMetrics":[{}]}"#, metrics, [None, Some(group.clone()), None]),
        (r#"{"resourceLogs":[{}]}"#, logs, [None, None, Some(group.clone())]),
        (r#"{"resourceLogs":[]}"#, logs, [None, None, Some(vec![])]),
        (r#"{"resourceLogs":null}"#, logs, [None, None, Some(vec![])]),
        (r#"{"x":1,"resourceLogs":[{}],"y":[{"z":{}}]}"#, logs, [None, None, Some(group.clone())]),
        (
            r#"{"resourceLogs":[{}],"resourceSpans":[{}],"resourceLogs":[{}]}"#,
            logs.with(Signal::Traces),
            [Some(group.clone()), None, Some(group.repeat(2))],
        ),
        (
            "{\"resourceSpans\":[{}]}{\"resourceSpans\":[{}]}",
            traces,
            [Some(group.repeat(2)), None, None],
        ),
        (
            "{\"resourceSpans\":[{}]}\n\r\t {} {\"resourceLogs\":[{}]}\n",
            traces.with(Signal::Logs),
            [Some(group.clone()), None, Some(group.clone())],
        ),
        ("\u{feff}{\"resourceSpans\":[{}]}", traces, [Some(group.clone()), None, None]),
        (" \u{feff} {\"resourceSpans\":[{}]}\u{feff}", traces, [Some(group.clone()), None, None]),
        ("{\"resource\\u0053pans\":[{}]}", traces, [Some(group), None, None]),
    ];
    for (record, found, requests) in cases {
        assert_eq!(read(record), (found, None, requests), "{record}");
    }
    for nothing in ["", " \n", "{}", "{}{}", "\u{feff}"] {
        assert_eq!(read(nothing), (SignalSet::NONE, None, [None, None, None]), "{nothing:?}");
    }
}

/// What Tempo and Jaeger answer with, and groups that stand alone, as in logs.
#[test]
fn otlp_in_other_objects() {
    let group = text(1, "");
    let two = text(1, all([text(1, ""), text(2, "")]));
    let cases = [
        (r#"{"batches":[{}]}"#, Signal::Traces, group.clone()),
        (r#"{"x":[1],"batches":[{},{}],"y":{}}"#, Signal::Traces, group.repeat(2)),
        (r#"{"result":{"resourceSpans":[{}]}}"#, Signal::Traces, group.clone()),
        (r#"{"result":{"resourceSpans":[{}]}}{"result":{}}"#, Signal::Traces, group.clone()),
        (r#"{"trace":{"resourceSpans":[{}]},"metrics":{"a":1}}"#, Signal::Traces, group.clone()),
        (r#"{"result":{"resource":{},"scopeLogs":[{}]}}"#, Signal::Logs, two.clone()),
        (r#"{"resource":{},"scopeSpans":[{}]}"#, Signal::Traces, two.clone()),
        (r#"{"scopeMetrics":[{}],"resource":{}}"#, Signal::Metrics, two.clone()),
        (r#"{"schemaUrl":"","resource":{},"scopeLogs":[{}]}"#, Signal::Logs, two.clone()),
        (r#"{"scopeLogs":[{}]}{"scopeLogs":[{}]}"#, Signal::Logs, text(1, text(2, "")).repeat(2)),
        (
            r#"{"resource":{},"instrumentationLibrarySpans":[{}]}"#,
            Signal::Traces,
            text(1, all([text(1, ""), text(1000, "")])),
        ),
    ];
    for (record, signal, request) in cases {
        let mut requests = [None, None, None];
        requests[signal as usize] = Some(request);
        let (found, _, read) = read(record);
        assert_eq!((found, read), (SignalSet::only(signal), requests), "{record}");
    }
    let bare =
        r#"{"resource":{"attributes":[{"key":"a"}]},"scopeSpans":[{"spans":[{"kind":"X"}]}]}"#;
    let mut transcoder = Transcoder::new();
    let unwanted = SignalSet::only(Signal::Logs);
    let outcome = transcoder.read(bare.as_bytes(), unwanted, Projection::ALL).expect("a record");
    assert_eq!((outcome.found, outcome.repairs.total()), (SignalSet::only(Signal::Traces), 0));
    let outcome = transcoder.read(bare.as_bytes(), SignalSet::ALL, Projection::ALL);
    let repairs = outcome.expect("a record").repairs;
    assert_eq!(repairs.examples()[0].member, "scopeSpans[0].spans[0].kind");
    for foreign in [
        r#"{"resource":{"attributes":[]}}"#,
        r#"{"result":{"result":{"resourceSpans":[{}]}}}"#,
        r#"{"result":[{"resourceSpans":[{}]}]}"#,
        r#"{"trace":1}"#,
    ] {
        let (found, why, requests) = read(foreign);
        assert_eq!((found, requests), (SignalSet::NONE, [None, None, None]), "{foreign}");
        assert!(why.is_some(), "{foreign}");
    }
}

/// J4, row 67.
#[test]
fn what_is_no_otlp_is_named() {
    let object = |key: &str| Foreign::Object(key.to_owned());
    let long = "k".repeat(100);
    let long_key = format!("{{\"{long}\":1}}");
    let cases = [
        (r#"{"resource_spans":[{"scope_spans":[]}]}"#, Foreign::SnakeCase("resource_spans")),
        (r#"{"resource_metrics":[]}"#, Foreign::SnakeCase("resource_metrics")),
        (r#"{"a":1,"resource_logs":[]}"#, Foreign::SnakeCase("resource_logs")),
        (r#"{"resourceProfiles":[],"dictionary":{}}"#, Foreign::Profiles),
        (r#"{"dictionary":{},"resource_profiles":[]}"#, Foreign::Profiles),
        (r#"{"resource_logs":[],"resourceProfiles":[]}"#, Foreign::SnakeCase("resource_logs")),
        (r#"{"first":1,"second":2}"#, object("first")),
        (r#"{"caf\u00e9":1}"#, object("café")),
        (r#"{"":1}"#, object("")),
        (r#"{"Resourcespans":[]}"#, object("Resourcespans")),
        (&long_key, object(&long[..64])),
        ("[]", Foreign::NotAnObject("an array")),
        (r#"[{"resourceSpans":[]}]"#, Foreign::NotAnObject("an array")),
        (r#""text""#, Foreign::NotAnObject("a string")),
        ("true", Foreign::NotAnObject("a bool")),
        ("false", Foreign::NotAnObject("a bool")),
        ("null", Foreign::NotAnObject("null")),
        ("-1.5e3", Foreign::NotAnObject("a number")),
        ("7 {\"a\":1}", object("a")),
    ];
    for (record, foreign) in cases {
        assert_eq!(read(record), (SignalSet::NONE, Some(foreign), [None, None, None]), "{record}");
    }
    let known = read(r#"{"resource_spans":[],"resourceLogs":[]}"#);
    assert_eq!((known.0, known.1), (SignalSet::only(Signal::Logs), None));
}

#[test]
fn foreign_records_are_described_for_people() {
    let expected =
        "expected an object with \"resourceSpans\", \"resourceMetrics\" or \"resourceLogs\"";
    let cases = [
        (Foreign::SnakeCase("resource_logs"), "found the key \"resource_logs\" in snake_case"),
        (Foreign::Profiles, "found the profiles signal"),
        (Foreign::Object("a".to_owned()), "found an object with the key \"a\""),
        (Foreign::NotAnObject("an array"), "found an array"),
    ];
    for (foreign, found) in cases {
        assert_eq!(foreign.to_string(), format!("{found}, {expected}"));
    }
}

/// Row 16.
#[test]
fn text_that_is_not_utf8_is_read_with_replacements() {
    let mut transcoder = Transcoder::new();
    let record = b"{\"resourceLogs\":[{\"schemaUrl\":\"a\xffb\xe2\x82\",\"x\":\"\xfe\"}]}";
    let outcome = transcoder.read(record, SignalSet::ALL, Projection::ALL).expect("a record");
    assert_eq!(outcome.repairs.of(Repair::InvalidUtf8), 3);
    let bytes = transcoder.request(Signal::Logs).map(|request| request.bytes().to_vec());
    assert_eq!(bytes, Some(text(1, text(3, "a\u{fffd}b\u{fffd}"))));
}

#[test]
fn unwanted_signals_are_checked_and_left_out() {
    let record = r#"{"resourceSpans":[{"x":1}],"resourceLogs":[{}],"resourceMetrics":[5]}"#;
    let mut transcoder = Transcoder::new();
    for wanted in [SignalSet::NONE, SignalSet::only(Signal::Logs)] {
        let outcome =
            transcoder.read(record.as_bytes(), wanted, Projection::ALL).expect("a record");
        assert_eq!(outcome.found, SignalSet::ALL);
        assert!(outcome.repairs.is_empty());
        for signal in Signal::ALL {
            assert_eq!(transcoder.request(signal).is_some(), wanted.contains(signal));
        }
    }
    let damaged = record.replace("[5]", "[5");
    assert!(transcoder.read(damaged.as_bytes(), SignalSet::NONE, Projection::ALL).is_err());
    assert!(Signal::ALL.iter().all(|&signal| transcoder.request(signal).is_none()));
}

#[test]
fn a_projection_keeps_what_it_says_and_all_rows() {
    let record = r#"{"resourceMetrics":[{"resource":{"droppedAttributesCount":1},"schemaUrl":"u",
        "scopeMetrics":[{"schemaUrl":"v","scope":{"name":"s"},"metrics":[
            {"unit":"By","name":"m","gauge":{"dataPoints":[{"timeUnixNano":"1","asInt":2,
                "attributes":[{"key":"k","value":{"stringValue":"v"}}]},{}]},"metadata":[{}]}]}]}]}"#;
    let resource = [message(1, [varint(2, 1)]), text(3, "u")];
    let scope = [message(1, [text(1, "s")]), text(3, "v")];
    let (time, value) = (fixed64(3, 1), fixed64(6, 2));
    let request = |resource: &[Vec<u8>; 2], scope: &[Vec<u8>; 2], metric: &[u8]| {
        let [scope, scope_url] = scope;
        let scope = all([scope.clone(), text(2, metric), scope_url.clone()]);
        let [resource, resource_url] = resource;
        text(1, all([resource.clone(), text(2, scope), resource_url.clone()]))
    };
    let nothing = [vec![], vec![]];
    let points = |point: &[u8]| message(5, [text(1, point), text(1, "")]);
    let metric = |points: Vec<u8>| all([text(1, "m"), text(3, "By"), points, text(12, "")]);
    let point = all([time.clone(), value.clone(), attribute(7, "k", &text(1, "v"))]);
    let cases = [
        (Projection::ALL, request(&resource, &scope, &metric(points(&point)))),
        (
            Projection { resource: false, ..Projection::ALL },
            request(&nothing, &scope, &metric(points(&point))),
        ),
        (
            Projection { scope: false, ..Projection::ALL },
            request(&resource, &nothing, &metric(points(&point))),
        ),
        (
            Projection { metric: 1 << 3, ..Projection::ALL },
            request(&resource, &scope, &all([text(3, "By"), points(&point)])),
        ),
        (
            Projection { row: 1 << 3 | 1 << 6, ..Projection::ALL },
            request(&resource, &scope, &metric(points(&all([time, value])))),
        ),
        (
            Projection { resource: false, scope: false, row: 0, metric: 0 },
            request(&nothing, &nothing, &points(b"")),
        ),
    ];
    for (projection, expected) in cases {
        let mut transcoder = Transcoder::new();
        transcoder.read(record.as_bytes(), SignalSet::ALL, projection).expect("a record");
        let bytes = transcoder.request(Signal::Metrics).map(|request| request.bytes().to_vec());
        assert_eq!(bytes, Some(expected), "{projection:?}");
    }
}

#[test]
fn repairs_are_counted_in_what_is_wanted_only() {
    let record = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"severityNumber":"LOUD","traceId":"x","body":{"bytesValue":"?"},"flags":-1,"eventName":"\ud800"}]}]}]}"#;
    let mut transcoder = Transcoder::new();
    let mut counts = |projection, all| {
        transcoder.read_all(all);
        let outcome = transcoder.read(record.as_bytes(), SignalSet::ALL, projection);
        outcome.expect("a record").repairs.counts()
    };
    use Repair::*;
    let all = [LoneSurrogate, WrongType, UnknownEnumName, InvalidId, InvalidBase64];
    let all = Repair::ALL.map(|repair| u64::from(all.contains(&repair)));
    let nothing = Projection { row: 0, ..Projection::ALL };
    assert_eq!(counts(Projection::ALL, false), all);
    assert_eq!(counts(nothing, false), [0; 7]);
    assert_eq!(counts(nothing, true), all, "all is to be read");
}
