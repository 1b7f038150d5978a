use std::path::PathBuf;

use super::*;
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

fn row(data: &str) -> Cells {
    (None, Some("{}".into()), data.into())
}

#[test]
fn rows_come_back_as_they_were() {
    let corpus = std::env::var_os("DUCKSPAN_TESTDATA");
    let corpus = corpus.map_or("../../../shared/testdata/otlp".into(), PathBuf::from);
    let mut directories = vec!["../../test/data".into(), corpus];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            files += 1;
            for segment in segments(&std::fs::read(&path).expect("a file")) {
                let rows = cells(&segment);
                let again = replay(segment.signal(), &rows)
                    .unwrap_or_else(|bad| panic!("{}: {bad:?}", path.display()));
                assert_eq!(cells(&again), rows, "{}", path.display());
            }
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
        assert_eq!(bad, Err(BadRow { row: 1, reason: reason.into() }), "{data}");
    }
}

#[test]
fn bad_resources_are_refused() {
    for (resource, reason) in [
        ("1", "resource: not a JSON object at byte 0"),
        (r#"{"name":"x"}"#, r#"resource: Resource has no key "name" at byte 8"#),
    ] {
        let bad = replay(Signal::Logs, &[(None, Some(resource.into()), "{}".into())]).map(|_| ());
        assert_eq!(bad, Err(BadRow { row: 0, reason: reason.into() }));
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
