use super::*;
use crate::json::replay::{Replay, Row};

/// The request of one row.
fn request(signal: Signal, data: &str) -> Vec<u8> {
    let mut replay = Replay::new(signal);
    let attribute = r#"{"attributes":[{"key":"startTimeUnixNano","value":{"intValue":"1000"}}]}"#;
    replay.push(Row { timestamp: None, resource: Some(attribute), data }).expect("a row");
    let segment = replay.take().expect("good").expect("a segment");
    let mut request = Vec::new();
    segment.put_request(0..segment.len(), &mut request);
    request
}

/// Checks that a row becomes one with other times: `time` says what stands for each.
fn check(signal: Signal, data: &str, nanos: i64, time: impl Fn(u64) -> u64) {
    let with = |time: &dyn Fn(u64) -> u64| {
        let mut parts = data.split('@');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let (number, rest) = part.split_once('"').expect("a time in quotes");
            format!("{text}{}\"{rest}", time(number.parse().expect("a number")))
        })
    };
    let mut moved = request(signal, &with(&|time| time));
    shift_times(signal, &mut moved, nanos).expect("a request");
    assert_eq!(moved, request(signal, &with(&time)), "{data} by {nanos}");
}

const SPAN: &str = r#"{"startTimeUnixNano":"@1000","endTimeUnixNano":"@2000","attributes":[{"key":"a","value":
    {"kvlistValue":{"values":[{"key":"timeUnixNano","value":{"intValue":"1000"}}]}}}],"events":[{"timeUnixNano":"@1500"},
    {"name":"a"}],"links":[{"traceState":"a"}]}"#;
const LOG: &str =
    r#"{"timeUnixNano":"@1000","observedTimeUnixNano":"@1001","body":{"intValue":"1000"}}"#;
const POINTS: [&str; 5] = [
    r#"{"gauge":{"dataPoints":[{"startTimeUnixNano":"@900","timeUnixNano":"@1000","asInt":"1000",
       "exemplars":[{"timeUnixNano":"@950","asInt":"1000"}]}]}}"#,
    r#"{"sum":{"dataPoints":[{"startTimeUnixNano":"@900","timeUnixNano":"@1000","asDouble":1000}]}}"#,
    r#"{"histogram":{"dataPoints":[{"startTimeUnixNano":"@900","timeUnixNano":"@1000","count":"1000","sum":1000,
       "bucketCounts":["1000","0"],"explicitBounds":[1000],"exemplars":[{"timeUnixNano":"@950","asDouble":1}]}]}}"#,
    r#"{"exponentialHistogram":{"dataPoints":[{"startTimeUnixNano":"@900","timeUnixNano":"@1000","count":"1000",
       "zeroCount":"1000","positive":{"bucketCounts":["1000"]},"exemplars":[{"timeUnixNano":"@950","asDouble":1}]}]}}"#,
    r#"{"summary":{"dataPoints":[{"startTimeUnixNano":"@900","timeUnixNano":"@1000","count":"1000","sum":1000}]}}"#,
];

#[test]
fn all_times_move_and_nothing_else() {
    for nanos in [0_i64, 1, -899, 1_700_000_000_000_000_000] {
        let time = |time: u64| time.checked_add_signed(nanos).expect("a time");
        check(Signal::Traces, SPAN, nanos, time);
        check(Signal::Logs, LOG, nanos, time);
        POINTS.iter().for_each(|point| check(Signal::Metrics, point, nanos, time));
    }
}

#[test]
fn what_is_no_time_stays() {
    let data = r#"{"startTimeUnixNano":"@10","endTimeUnixNano":"@18446744073709551615"}"#;
    check(Signal::Traces, data, 5, |time| if time == 10 { 15 } else { time });
    check(Signal::Traces, data, -5, |time| time - 5);
    check(Signal::Traces, data, -10, |time| if time == 10 { 10 } else { time - 10 });
    check(Signal::Metrics, r#"{"name":"a","gauge":{}}"#, 5, |time| time);
}

#[test]
fn what_is_no_request_stays_as_it_is() {
    let mut cut = request(Signal::Logs, r#"{"timeUnixNano":"10"}"#);
    cut.pop();
    let before = cut.clone();
    assert!(shift_times(Signal::Logs, &mut cut, 5).is_err());
    assert_eq!(cut, before);
}
