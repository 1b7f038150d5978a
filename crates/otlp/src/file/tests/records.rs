//! Records in their order, with their numbers and places.

use super::{Options, Outcome, RejectKind, data, gzip, read, read_with, zstd};
use crate::kept::{Kept, RowForm};
use crate::signal::{Signal, SignalSet};
use crate::split::sample::{big_endian, field, json, protobuf, row, varint};

/// Records of all signals, in an order without a pattern.
fn mixed() -> Vec<Signal> {
    (0..40_usize).map(|n| Signal::ALL[n * n % 7 % 3]).collect()
}

/// Files of these records, in each layout that may mix signals.
fn layouts(signals: &[Signal]) -> Vec<(&'static str, Vec<u8>)> {
    let render = |pretty| -> Vec<String> {
        signals.iter().enumerate().map(|(size, &signal)| json(signal, size, pretty)).collect()
    };
    let (lines, pretty) = (render(false), render(true));
    let binary: Vec<_> =
        signals.iter().enumerate().map(|(size, &signal)| protobuf(signal, 7 * size)).collect();
    let zstd_each = |records: &[String]| big_endian(records.iter().map(|one| zstd(one.as_bytes())));
    vec![
        ("lines", lines.join("\n").into_bytes()),
        ("pretty", pretty.concat().into_bytes()),
        ("array", format!("[{}]", pretty.join(",")).into_bytes()),
        ("framed JSON", big_endian(&lines)),
        ("framed zstd", zstd_each(&lines)),
        ("framed gzip", big_endian(lines.iter().map(|one| gzip(one.as_bytes())))),
        ("framed protobuf", big_endian(&binary)),
        ("framed protobuf in zstd", big_endian(binary.iter().map(|one| zstd(one)))),
        ("varint", varint(&binary)),
        ("bare", binary.concat()),
        ("bare by line", binary.join(&b'\n')),
    ]
}

#[test]
fn signals_may_be_mixed() {
    let signals = mixed();
    for (name, file) in layouts(&signals) {
        let outcome = read(&file);
        assert_eq!(outcome.signals(), signals, "{name}");
        assert_eq!((outcome.rejects(), outcome.records), (vec![], 40), "{name}");
    }
}

/// Rows are written behind those before them; what a record is does not show in those around it.
#[test]
fn records_do_not_touch_each_other() {
    let of = |signal, size| json(signal, size, false);
    let both =
        |a: &str, b: &str| format!("{},{}", a.strip_suffix('}').expect("an object"), &b[1..]);
    let [traces, metrics, logs] = Signal::ALL.map(|signal| of(signal, 3));
    let cut = &of(Signal::Traces, 9)[..200];
    let twice = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1,"flags":2}]}]}]}"#;
    let invalid = [&b"{\"x\":\"\xff\","[..], &logs.as_bytes()[1..]].concat();
    let records: Vec<Vec<u8>> = vec![
        traces.clone().into(),
        cut.into(),
        of(Signal::Traces, 2).into(),
        both(&logs, &traces).into(),
        both(&metrics, &both(&traces, &metrics)).into(),
        both(&traces, &of(Signal::Traces, 1)).into(),
        traces.clone().into(),
        b"{}".into(),
        logs.clone().into(),
        twice.into(),
        b"{\"resourceLogs\":[]}".into(),
        b"{\"resource_spans\":[]}".into(),
        invalid,
        of(Signal::Logs, 1).into(),
        metrics.clone().into(),
        both(&metrics, "{\"resourceMetrics\":7}").into(),
        of(Signal::Metrics, 1).into(),
        logs.into_bytes()[..100].into(),
    ];
    let alone: Vec<_> = records.iter().map(read).collect();
    assert!(alone.iter().filter(|outcome| outcome.rows.is_empty()).count() >= 5);
    let as_text =
        || Options { needed: Kept { rows: RowForm::Text, ..Kept::ALL }, ..Options::default() };
    for first in 0..records.len() {
        for options in [Options::default(), as_text()] {
            let turned = |at: usize| (first + at) % records.len();
            let order: Vec<_> = (0..records.len()).map(turned).collect();
            let file: Vec<_> = order.iter().map(|&at| records[at].as_slice()).collect();
            let outcome = read_with(&file.join(&b'\n'), &options);
            let rows = order.iter().flat_map(|&at| alone[at].rows.clone());
            assert_eq!(outcome.rows, rows.collect::<Vec<_>>(), "from record {first} on");
        }
    }
}

/// Records of other signals are no rejects, and keep their numbers.
#[test]
fn only_the_signals_wanted() {
    let all = mixed();
    let sets = [
        SignalSet::only(Signal::Logs),
        SignalSet::only(Signal::Traces).with(Signal::Metrics),
        SignalSet::NONE,
    ];
    for (name, file) in layouts(&all) {
        for signals in sets {
            let outcome = read_with(&file, &Options { signals, ..Options::default() });
            let wanted: Vec<_> = all.iter().copied().filter(|&one| signals.contains(one)).collect();
            assert_eq!(outcome.signals(), wanted, "{name}");
            assert_eq!((outcome.rejects(), outcome.records), (vec![], 40), "{name}");
        }
    }
}

/// One document may hold several signals.
#[test]
fn several_signals_in_a_document() {
    let members: Vec<_> = Signal::ALL
        .map(|signal| json(signal, 1, false))
        .map(|one| one[1..one.len() - 1].to_owned())
        .into_iter()
        .rev()
        .collect();
    let file = format!("{{{}}}\n", members.join(",")).repeat(2);
    let outcome = read(&file);
    let [first, second, third] = Signal::ALL;
    assert_eq!(outcome.signals(), [first, second, third, first, second, third]);
    assert_eq!(outcome.records, 2);
}

#[test]
fn segments_end_where_the_signal_changes() {
    let file = [Signal::Logs, Signal::Logs, Signal::Traces, Signal::Logs]
        .map(|signal| json(signal, 1, false))
        .join("\n");
    let options = Options::default();
    let mut batches = super::Batches::new(file.as_bytes(), &options, 1 << 20);
    let batch = batches.next_batch(|_| Ok(())).expect("slices do not fail").expect("a batch");
    let decoded = super::Worker::new().decode(&batch, &options);
    let shape: Vec<_> = decoded.segments.iter().map(|one| (one.signal(), one.len())).collect();
    assert_eq!(shape, [(Signal::Logs, 2), (Signal::Traces, 1), (Signal::Logs, 1)]);
}

/// A segment is closed before its offsets grow large.
#[test]
fn segments_are_bounded() {
    let record = protobuf(Signal::Logs, 8 << 20);
    let file = record.repeat(12);
    let options = Options::default();
    let mut batches = super::Batches::new(&*file, &options, file.len());
    let batch = batches.next_batch(|_| Ok(())).expect("slices do not fail").expect("a batch");
    let decoded = super::Worker::new().decode(&batch, &options);
    let rows: Vec<_> = decoded.segments.iter().map(|segment| segment.len()).collect();
    assert_eq!(rows, [8, 4]);
}

/// A record with its framing, and what is wrong with it, and at which of its bytes.
type Part<'a> = (&'a [u8], Option<(usize, RejectKind, &'a str)>);

/// Checks what is said of the records of a file.
fn check_rejects(parts: &[Part<'_>]) -> Outcome {
    let file: Vec<u8> = parts.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect();
    let outcome = read(&file);
    let mut expected = Vec::new();
    let mut start = 0;
    for (index, (bytes, fault)) in parts.iter().enumerate() {
        if let Some((at, kind, reason)) = fault {
            expected.push((index as u64 + 1, (start + at) as u64, *kind, *reason));
        }
        start += bytes.len();
    }
    assert_eq!(outcome.rejects(), expected);
    assert_eq!(outcome.records, parts.len() as u64);
    outcome
}

#[test]
fn rejects_of_lines_tell_number_and_place() {
    use RejectKind::{Foreign, Malformed};
    let good = json(Signal::Logs, 90, false) + "\r\n";
    let good = (good.as_bytes(), None);
    let outcome = check_rejects(&[
        good,
        (b"hello\n", Some((0, Malformed, "expected a JSON value"))),
        good,
        (
            b"  {\"resourceSpans\":[{\"x\" 1}]}\n",
            Some((25, Malformed, "expected ':' after a member name")),
        ),
        (b"{\"resourceSpans\":[\n", Some((18, Malformed, "record ends inside a JSON value"))),
        good,
        (
            b"42\n",
            Some((
                0,
                Foreign,
                "found a number, expected an object with \"resourceSpans\", \"resourceMetrics\" or \
                 \"resourceLogs\"",
            )),
        ),
        good,
        (b"{\"resourceLogs\":[]}", None),
    ]);
    assert_eq!(outcome.rows, vec![(Signal::Logs, data(Signal::Logs)); 4]);
}

#[test]
fn rejects_of_protobuf_tell_number_and_place() {
    use RejectKind::{Foreign, Malformed};
    type Frame = fn(&[u8]) -> Vec<u8>;
    let good = protobuf(Signal::Traces, 90);
    let cut_row = &row(Signal::Traces)[..30];
    let bad_row =
        field(1, &field(2, &[field(2, &row(Signal::Traces)), field(2, cut_row)].concat()));
    // The name of the span is cut after its length.
    let place = bad_row.len() - cut_row.len() + 29;
    let beyond = "length reaches beyond its parent";
    let foreign = "it is bytes that are no OTLP protobuf";
    let framings: [Frame; 2] = [|one| big_endian([one]), |one| varint([one])];
    for frame in framings {
        let (good, bad, other) = (frame(&good), frame(&bad_row), frame(b"hello"));
        check_rejects(&[
            (&good, None),
            (&bad, Some((bad.len() - bad_row.len() + place, Malformed, beyond))),
            (&good, None),
            (&other, Some((other.len() - 5, Foreign, foreign))),
            (&good, None),
        ]);
    }
    check_rejects(&[(&good, None), (&bad_row, Some((place, Malformed, beyond))), (&good, None)]);
}

/// Rows of a record that is at fault somewhere are not taken.
#[test]
fn a_record_is_taken_whole_or_not_at_all() {
    let good = row(Signal::Logs);
    let rows = |rows: &[&[u8]]| {
        field(1, &field(2, &rows.iter().flat_map(|row| field(2, row)).collect::<Vec<_>>()))
    };
    let bad = rows(&[&good, &good, b"\x0d"]);
    let outcome = read(big_endian([rows(&[&good]), bad, rows(&[&good, &good])]));
    assert_eq!((outcome.rows.len(), outcome.rejects.len()), (3, 1));
    let line = json(Signal::Logs, 1, false);
    let broken = line.replace("}]}]}]}", "},{}]}]}]x}");
    assert_ne!(line, broken);
    let outcome = read(format!("{line}\n{broken}\n{line}\n"));
    assert_eq!((outcome.rows.len(), outcome.rejects.len()), (2, 1));
}

#[test]
fn repairs_are_counted() {
    let text = |body: &[u8]| field(1, &field(2, &field(2, &field(5, &field(1, body)))));
    let outcome = read(big_endian([text(b"a\xff"), text(b"b"), text(b"\xff\xfe")]));
    assert_eq!(outcome.rows.len(), 3);
    assert_eq!(outcome.repairs.of(crate::repair::Repair::InvalidUtf8), 2);
    let line = json(Signal::Logs, 1, false).replace("\"1000\"", "\"soon\"");
    let outcome = read(format!("{line}\n{line}"));
    assert_eq!(outcome.repairs.of(crate::repair::Repair::WrongType), 2);
}

/// The first value of a field that was repaired is told with its place in the file.
#[test]
fn repairs_have_a_place() {
    let told = |file: &[u8]| {
        let examples = read(file).repairs.examples().to_vec();
        examples
            .into_iter()
            .map(|one| (one.record, one.offset, one.member, one.value))
            .collect::<Vec<_>>()
    };
    let good = json(Signal::Logs, 1, false);
    let bad = good.replace("\"1000\"", "\"soon\"");
    let member = "resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano".to_owned();
    let within = bad.find("\"soon\"").expect("the value") as u64;
    let file = format!("{good}\n{bad}\n{bad}\n");
    let offset = good.len() as u64 + 1 + within;
    assert_eq!(told(file.as_bytes()), [(2, offset, member.clone(), "\"soon\"".to_owned())]);
    assert_eq!(told(&gzip(file.as_bytes())), told(file.as_bytes()));
    // A record that is compressed by itself has no places in it that are places of the file.
    let frame = zstd(bad.as_bytes());
    let framed = big_endian([good.clone().into_bytes(), frame]);
    let offset = 4 + good.len() as u64 + 4;
    assert_eq!(told(&framed), [(2, offset, member, "\"soon\"".to_owned())]);

    let text = |body: &[u8]| field(1, &field(2, &field(2, &field(5, &field(1, body)))));
    let (good, bad) = (text(b"b"), text(b"a\xff"));
    let offset = (4 + good.len() + 4 + bad.len() - 2) as u64;
    let member = "resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue".to_owned();
    let told = told(&big_endian([good, bad]));
    assert_eq!(told, [(2, offset, member, "\"a\u{fffd}\"".to_owned())]);
}

/// Each batch holds about as many bytes as asked for, and has a record.
#[test]
fn batches_have_the_size_asked_for() {
    const BATCH: usize = 1 << 17;
    let line = json(Signal::Logs, 900, false) + "\n";
    let file = line.repeat(1_000);
    let mut batches = super::Batches::new(file.as_bytes(), &Options::default(), BATCH);
    let (mut count, mut records) = (0, 0);
    while let Some(batch) = batches.next_batch(|_| Ok(())).expect("slices do not fail") {
        count += 1;
        records += batch.records.len();
        assert!(!batch.records.is_empty() && batch.bytes.len() <= BATCH);
    }
    assert_eq!((count, records), (file.len().div_ceil(BATCH - line.len()), 1_000));
}
