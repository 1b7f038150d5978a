use super::*;
use crate::corpus::files_and_ours;
use crate::file::{Batches, Options, Worker};
use crate::render;

/// The segments of a file.
fn segments(bytes: &[u8]) -> Vec<Segment> {
    let options = Options::default();
    let mut batches = Batches::new(bytes, &options, 1 << 20);
    let mut segments = Vec::new();
    while let Some(batch) = batches.next_batch(|_| Ok(())).expect("slices do not fail") {
        segments.extend(Worker::new().decode(&batch, &options).segments);
    }
    segments
}

type Cells = (Option<i64>, Option<String>, String);

fn cells(segment: &Segment) -> Vec<Cells> {
    let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
    (0..segment.len())
        .map(|row| {
            let (mut resource, mut data) = (Vec::new(), Vec::new());
            let there = render::resource(segment, segment.resource_of(row), &mut resource);
            render::data(segment, row, &mut data);
            let timestamp = segment.time(row).map(|nanos| nanos / 1000);
            (timestamp, there.then(|| text(resource)), text(data))
        })
        .collect()
}

fn replay(signal: Signal, rows: &[Cells]) -> std::result::Result<Segment, BadRow> {
    let mut replay = Replay::new(signal);
    for (timestamp, resource, data) in rows {
        replay.push(Row { timestamp: *timestamp, resource: resource.as_deref(), data })?;
    }
    Ok(replay.take()?.expect("there are rows"))
}

fn told<T: std::fmt::Debug>(bad: std::result::Result<T, BadRow>) -> (usize, String) {
    let BadRow { row, reason, begins } = bad.expect_err("a bad row");
    assert!(begins.len() <= 80);
    (row, reason)
}

fn row(data: &str) -> Cells {
    (None, Some("{}".into()), data.into())
}

#[test]
fn rows_come_back_as_they_were() {
    let mut files = 0;
    for (name, bytes) in files_and_ours() {
        files += 1;
        for segment in segments(&bytes) {
            let rows = cells(&segment);
            let again =
                replay(segment.signal(), &rows).unwrap_or_else(|bad| panic!("{name}: {bad:?}"));
            assert_eq!(cells(&again), rows, "{name}");
        }
    }
    assert!(files >= 7, "only {files} files");
}

#[test]
fn neighbours_share_resource_and_scope() {
    let resources = [Some(r#"{"attributes":[]}"#), Some(r#"{"schemaUrl":"r"}"#), None];
    let scopes = ["", r#","scope":{"name":"a"}"#, r#","scope":{"name":"a"},"schemaUrl":"s""#];
    let mut rows = Vec::new();
    for resource in resources {
        for scope in scopes {
            for name in ["x", "y"] {
                let data = format!(r#"{{"name":"{name}"{scope}}}"#);
                rows.push((None, resource.map(str::to_owned), data));
            }
        }
    }
    let segment = replay(Signal::Traces, &rows).expect("good rows");
    let numbers: Vec<_> =
        (0..rows.len()).map(|row| (segment.resource_of(row), segment.scope_of(row))).collect();
    let expected: Vec<_> = (0..rows.len()).map(|row| (row / 6, row / 2)).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn replay_is_used_again() {
    let mut replay = Replay::new(Signal::Logs);
    assert_eq!(replay.take().map(|segment| segment.is_none()), Ok(true));
    for expected in [2, 1, 3] {
        for _ in 0..expected {
            let row = Row { timestamp: None, resource: None, data: r#"{"eventName":"e"}"# };
            replay.push(row).expect("a good row");
        }
        assert_eq!(replay.len(), expected);
        let segment = replay.take().expect("good rows").expect("some");
        assert_eq!((segment.len(), replay.len(), replay.bytes()), (expected, 0, 0));
    }
}

#[test]
fn rows_that_would_lose_something_are_refused() {
    let point = r#"{"asInt":"1"}"#;
    let two = format!(r#"{{"name":"m","gauge":{{"dataPoints":[{point},{point}]}}}}"#);
    let cases: [(Signal, &str, &str); 14] = [
        (Signal::Traces, "", "not a JSON object at byte 0"),
        (Signal::Traces, "[]", "not a JSON object at byte 0"),
        (Signal::Traces, r#"{"name":"x""#, "record ends inside a JSON value at byte 11"),
        (Signal::Traces, r#"{"name":"x"} {}"#, "text after the JSON object at byte 13"),
        (Signal::Traces, r#"{"name":"x"]}]}]}"#, "expected ',' or '}' after a member at byte 11"),
        (
            Signal::Traces,
            r#"{"name":1}"#,
            "name is 1: value of the wrong type or out of range, read as absent",
        ),
        (
            Signal::Traces,
            r#"{"traceId":"xyz"}"#,
            r#"traceId is "xyz": id that is neither hex nor base64, read as absent"#,
        ),
        (Signal::Traces, r#"{"body":{}}"#, r#"Span has no key "body"; logs do at byte 8"#),
        (Signal::Traces, r#"{"gauge":{}}"#, r#"Span has no key "gauge"; metrics do at byte 9"#),
        (
            Signal::Logs,
            r#"{"resourceLogs":[]}"#,
            r#"LogRecord has no key "resourceLogs" at byte 16"#,
        ),
        (
            Signal::Logs,
            r#"{"scope":{"x":1}}"#,
            r#"scope: InstrumentationScope has no key "x" at byte 5"#,
        ),
        (
            Signal::Logs,
            r#"{"scope":{"schemaUrl":""}}"#,
            r#"scope: InstrumentationScope has no key "schemaUrl" at byte 13"#,
        ),
        (Signal::Metrics, &two, "2 data points, where a row has one"),
        (
            Signal::Metrics,
            r#"{"startTimeUnixNano":"1"}"#,
            r#"Metric has no key "startTimeUnixNano"; traces do at byte 21"#,
        ),
    ];
    let good = row("{}");
    for (signal, data, reason) in cases {
        let bad = replay(signal, &[good.clone(), row(data), good.clone()]).map(|_| ());
        assert_eq!(told(bad), (1, reason.to_owned()), "{data}");
    }
}

#[test]
fn bad_resources_are_refused() {
    for (resource, reason) in [
        ("1", "resource: not a JSON object at byte 0"),
        (r#"{"name":"x"}"#, r#"resource: Resource has no key "name" at byte 8"#),
    ] {
        let bad = replay(Signal::Logs, &[(None, Some(resource.into()), "{}".into())]).map(|_| ());
        assert_eq!(told(bad), (0, reason.to_owned()));
    }
}

#[test]
fn timestamps_must_be_those_of_the_data() {
    let data = r#"{"timeUnixNano":"1700000000000001999"}"#;
    let at = 1_700_000_000_000_001;
    for (given, good) in [(None, true), (Some(at), true), (Some(at + 1), false), (Some(0), false)] {
        let taken = replay(Signal::Logs, &[row("{}"), (given, None, data.into())]);
        let bad = taken.map_err(|bad| bad.row).map(|segment| segment.len());
        assert_eq!(bad, if good { Ok(2) } else { Err(1) }, "{given:?}");
    }
}

/// A row that every other is compared with: those that end alike are not looked at.
const ENDS: &str = r#","scope":{"name":"s"},"schemaUrl":"u"}"#;

#[test]
fn rows_that_end_alike_are_those_that_they_are_alone() {
    let rows = [
        r#"{"name":"a""#,
        r#"{"name":"b","attributes":[{"key":"scope","value":{"stringValue":"schemaUrl"}}]"#,
        r#"{"events":[{"name":",\"scope\":"}]"#,
        r#"{"name":"\",\"scope\":{\"name\":\"s\"},\"schemaUrl\":\"u\"}""#,
        r#"{"schemaUrl":"v","name":"c""#,
        r#"{"scope":{"name":"t"},"name":"d""#,
        r#"{"name" : "e""#,
    ];
    let ends = [ENDS, r#","scope":{"name":"s"}}"#, r#","schemaUrl":"u"}"#, "}", r#", "scope":{}}"#];
    let rows: Vec<_> = ends
        .iter()
        .flat_map(|end| rows.iter().map(move |row| format!("{row}{end}")))
        .map(|data| row(&data))
        .collect();
    let alone: Vec<_> = rows
        .iter()
        .flat_map(|row| cells(&replay(Signal::Traces, std::slice::from_ref(row)).expect("good")))
        .collect();
    for step in [1, 6, 9] {
        let order: Vec<_> = (0..rows.len()).map(|at| at * step % rows.len()).collect();
        let some: Vec<_> = order.iter().map(|&at| rows[at].clone()).collect();
        let expected: Vec<_> = order.iter().map(|&at| alone[at].clone()).collect();
        assert_eq!(cells(&replay(Signal::Traces, &some).expect("good rows")), expected);
    }
}

/// What is no object by itself is refused, though it would be part of one with what is written around it.
#[test]
fn rows_that_end_alike_are_objects() {
    let parts = [
        "{",
        "",
        r#"{"name":"a","#,
        r#"{"name":"a"}"#,
        r#"{"name":"a"},{"name":"b""#,
        r#"{"name":"a"}],"x":[{"#,
        r#"{"name":"a"}]},{"spans":[{"name":"b""#,
        r#"{"name":"a"}]},{"scope":{"name":"x"},"spans":[{"#,
        r#"{"name":"a","x":{"#,
        r#"{"name":"a","x":[{"y":1"#,
        r#"{"name":"a","body":{}"#,
        r#"{"name":"a","scope":{"x":1}"#,
        "null",
    ];
    for part in parts {
        for end in [ENDS, "}"] {
            let data = format!("{part}{end}");
            let first = row(&format!(r#"{{"name":"first"{end}"#));
            let alone = replay(Signal::Traces, &[row(&data)]).map(|segment| cells(&segment));
            // The last row is closed by other text than one before another.
            for rows in [vec![first.clone(), row(&data), first.clone()], vec![first, row(&data)]] {
                let found = replay(Signal::Traces, &rows);
                match &alone {
                    Err(alone) => assert_eq!(told(found), (1, alone.reason.clone()), "{data}"),
                    Ok(alone) => assert_eq!(&cells(&found.expect("good"))[1..2], alone, "{data}"),
                }
            }
        }
    }
    let two = [r#"{"name":"a","x":{"y":["#, r#"]},"name":"b"}"#].map(row);
    assert_eq!(told(replay(Signal::Traces, &[&[row("{}")], &two[..]].concat())).0, 1);
}
