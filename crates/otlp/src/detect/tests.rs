use super::*;
use crate::wire::sample::{all, attribute, double, fixed32, fixed64, group, message, text, varint};

const TIME: u64 = 1_750_000_000_000_000_000;

/// A record of one resource and scope with these spans, log records or metrics.
fn record(leaves: &[Vec<u8>]) -> Vec<u8> {
    let leaves = leaves.iter().map(|leaf| text(2, leaf)).collect::<Vec<_>>().concat();
    message(1, [message(1, [attribute(1, "r", b"\x18\x01")]), message(2, [leaves])])
}

#[test]
fn signals_show_in_single_fields() {
    let id = |len: u8| (0xe0..0xe0 + len).collect::<Vec<u8>>();
    let traces = [
        text(1, id(16)),
        text(2, id(8)),
        text(4, id(8)),
        text(5, "name"),
        text(5, "a longer name of a span"),
        varint(6, 2),
        fixed64(7, TIME),
        fixed64(8, TIME),
        all([text(5, "GET"), message(9, [text(1, "k")])]),
        all([text(1, "0123456789abcdef"), text(2, "01234567"), text(5, "name")]),
    ];
    let logs = [
        fixed64(1, TIME),
        fixed64(11, TIME),
        varint(2, 9),
        text(5, text(1, "body")),
        text(5, text(1, "")),
        text(5, varint(3, 5)),
        text(5, double(4, 1.0)),
        all([text(9, id(16)), text(10, id(8))]),
        all([varint(2, 9), text(3, "INFO"), text(5, text(1, "a message\twith tabs"))]),
    ];
    let point = |fields: &[u8]| text(1, fields);
    let metrics = [
        text(1, "metric.name"),
        text(5, point(&fixed64(3, TIME))),
        text(
            7,
            all([point(&all([fixed64(2, TIME), fixed64(3, TIME)])), varint(2, 2), varint(3, 1)]),
        ),
        text(9, point(&all([fixed64(3, TIME), fixed64(4, 1)]))),
        text(10, point(&all([fixed64(3, TIME), varint(6, 3)]))),
        text(11, point(&fixed64(3, TIME))),
        all([text(1, "a name of 16 B .")]),
        all([text(1, "a name of 16 B ."), text(2, "8 letter"), text(3, "s"), text(5, "")]),
        all([text(1, "n"), text(2, "d"), text(3, "By"), text(7, point(&double(4, 1.0)))]),
        all([text(1, "n"), text(12, text(1, "k"))]),
    ];
    let all = [
        (Signal::Traces, traces.to_vec()),
        (Signal::Logs, logs.to_vec()),
        (Signal::Metrics, metrics.to_vec()),
    ];
    for (signal, leaves) in all {
        for leaf in leaves {
            let expected = Detection::Signal(signal);
            assert_eq!(detect(&record(std::slice::from_ref(&leaf)), None), expected, "{leaf:x?}");
            assert_eq!(
                detect(&record(&[vec![], leaf.clone()]), None),
                expected,
                "after an empty row"
            );
            let unknown = [group(100), leaf.clone(), fixed32(1000, 1)].concat();
            assert_eq!(
                detect(&record(&[unknown]), None),
                expected,
                "among unknown fields: {leaf:x?}"
            );
        }
    }
}

#[test]
fn a_leaf_that_others_contradict_does_not_decide() {
    let metric = all([text(1, "name"), text(7, message(1, [fixed64(3, TIME)]))]);
    let log = all([fixed64(1, TIME), text(5, text(1, "body"))]);
    let span = all([text(5, "name"), fixed64(7, TIME)]);
    let odd = text(5, "text");
    for (leaf, signal) in [(metric, Signal::Metrics), (log, Signal::Logs), (span, Signal::Traces)] {
        let leaves = [odd.clone(), leaf.clone(), leaf.clone(), leaf];
        assert_eq!(detect(&record(&leaves), None), Detection::Signal(signal));
    }
}

#[test]
fn records_without_rows_are_empty() {
    let cases = [
        vec![],
        text(1, ""),
        message(1, [message(1, [attribute(1, "k", b"")]), text(3, "url")]),
        message(1, [text(2, "")]),
        message(1, [message(2, [text(1, text(1, "scope")), text(3, "url")])]),
        all([varint(3, 1), fixed64(4, 1), group(5), fixed32(6, 1)]),
    ];
    for record in cases {
        assert_eq!(detect(&record, None), Detection::Empty, "{record:x?}");
    }
}

#[test]
fn rows_without_fields_leave_it_open() {
    for rows in [1, 100] {
        assert_eq!(detect(&record(&vec![vec![]; rows]), None), Detection::Undecided);
    }
}

#[test]
fn other_protobuf_is_foreign() {
    let otap = "OTAP, OpenTelemetry Arrow batches, which DuckSpan does not read";
    let profiles = "OTLP profiles, which DuckSpan does not read yet";
    let cases = [
        (all([varint(1, 7), text(2, "arrow")]), otap),
        (all([message(1, [message(2, [text(2, "")])]), text(2, "dictionary")]), profiles),
        (record(&[text(3, "only what is common")]), "protobuf of no known signal"),
        (record(&[all([varint(9, 1), varint(15, 1)])]), "protobuf of no known signal"),
        (b"{\"resourceSpans\":[]}".to_vec(), "bytes that are no OTLP protobuf"),
        (vec![0], "bytes that are no OTLP protobuf"),
        (message(1, [text(2, b"\x12\x05")]), "bytes that are no OTLP protobuf"),
        (vec![0x0a, 5], "bytes that are no OTLP protobuf"),
    ];
    for (record, what) in cases {
        assert_eq!(detect(&record, None), Detection::Foreign(what), "{record:x?}");
    }
}

#[test]
fn rows_of_any_number_are_looked_at_once() {
    let span = all([text(5, "name"), fixed64(7, TIME)]);
    assert_eq!(detect(&record(&vec![span; 10_000]), None), Detection::Signal(Signal::Traces));
}

/// Where as much speaks for one signal as for another, the one that was expected is as good.
#[test]
fn the_expected_signal_wins_a_tie() {
    let span = record(&[all([text(1, "0123456789abcdef"), text(2, "01234567")])]);
    for expected in [Signal::Traces, Signal::Metrics] {
        assert_eq!(detect(&span, Some(expected)), Detection::Signal(expected));
    }
    let log = record(&[fixed64(1, TIME)]);
    assert_eq!(detect(&log, Some(Signal::Traces)), Detection::Signal(Signal::Logs));
    // An attribute of 16 bytes is no id.
    let attribute = attribute(9, "service", &text(1, "abc"));
    assert_eq!(attribute.len(), 2 + 16);
    let unknown = Detection::Foreign("protobuf of no known signal");
    assert_eq!(detect(&record(&[attribute]), None), unknown);
}

/// A metric may have a name that no metric should have, and nothing else to tell it by.
#[test]
fn the_expected_signal_is_taken_where_nothing_speaks_for_any() {
    let metric = record(&[all([text(1, "a\tname"), text(2, "description")])]);
    let unknown = Detection::Foreign("protobuf of no known signal");
    assert_eq!(detect(&metric, None), unknown);
    assert_eq!(detect(&metric, Some(Signal::Metrics)), Detection::Signal(Signal::Metrics));
    // The first field of a log record is its time.
    assert_eq!(detect(&metric, Some(Signal::Logs)), unknown);
}

/// The ids of a log record may read as parts of a metric.
#[test]
fn a_row_is_plainly_of_a_signal_only_if_it_fits() {
    let trace = b"\x69\x01\x10\x40\xfa\xa8\x56\x78\xb7\xc0\x89\x04\xd7\xb8\xed\x52";
    let span = b"\x71\xd6\xbd\xec\x98\xc6\x87\x3f";
    let body = text(5, varint(2, 0));
    let log = record(&[all([body, varint(7, 1), text(9, trace), text(10, span)])]);
    assert!(is_plainly(Signal::Logs, &log) && !is_plainly(Signal::Metrics, &log));
    assert_eq!(detect(&log, None), Detection::Signal(Signal::Logs));
}

/// The point of a gauge stands where a log record has the text of its body.
#[test]
fn a_point_without_name_and_time_is_a_metric() {
    let point = all([fixed64(6, 404), text(7, text(1, "k"))]);
    let metric = record(&[text(5, text(1, point))]);
    for expected in [None, Some(Signal::Metrics), Some(Signal::Traces)] {
        assert_eq!(detect(&metric, expected), Detection::Signal(Signal::Metrics));
    }
    assert_eq!(detect(&metric, Some(Signal::Logs)), Detection::Signal(Signal::Logs));
}

/// Bodies that a gauge could be read from are none, unless nothing in them is text.
#[test]
fn bodies_are_logs_whatever_was_expected() {
    let printable = "1 of 8...";
    let bodies = [
        text(1, "plain"),
        text(1, printable),
        text(1, "1 \x1b[31mred\n"),
        varint(3, 5),
        double(4, 1.0),
        text(7, "bytes"),
    ];
    for body in bodies {
        for expected in [None, Some(Signal::Metrics), Some(Signal::Traces)] {
            let log = record(&[text(5, &body)]);
            assert_eq!(detect(&log, expected), Detection::Signal(Signal::Logs), "{body:x?}");
        }
    }
}
