//! What options change.

use super::{
    Batches, Compression, Format, Options, RejectKind, Worker, gzip, read, read_with, zstd,
};
use crate::kept::Projection;
use crate::segment::Segment;
use crate::signal::{Signal, SignalSet};
use crate::split::sample::{big_endian, field, json, protobuf};

#[test]
fn what_an_option_says_must_be_so() {
    let line = json(Signal::Logs, 3, false);
    let binary = protobuf(Signal::Logs, 3);
    let both = |content: &[u8]| [content.to_vec(), gzip(content), zstd(content)];
    for (format, content) in [(Format::Json, line.as_bytes()), (Format::Protobuf, &binary)] {
        for (compression, file) in Compression::ALL.into_iter().zip(both(content)) {
            for option in [None, Some(Format::Json), Some(Format::Protobuf)] {
                for told in [
                    None,
                    Some(Compression::None),
                    Some(Compression::Gzip),
                    Some(Compression::Zstd),
                ] {
                    let options =
                        Options { format: option, compression: told, ..Options::default() };
                    let outcome = read_with(&file, &options);
                    let fits = option.is_none_or(|option| option == format)
                        && told.is_none_or(|told| told == compression);
                    let case = format!("{format:?} in {compression:?} as {option:?} in {told:?}");
                    if fits {
                        assert_eq!((outcome.rows.len(), outcome.rejects.len()), (1, 0), "{case}");
                        continue;
                    }
                    assert_eq!((outcome.rows.len(), outcome.records), (0, 1), "{case}");
                    assert_eq!(outcome.rejects[0].kind, RejectKind::Foreign, "{case}");
                }
            }
        }
    }
}

#[test]
fn reasons_name_what_is_there_instead() {
    let line = json(Signal::Logs, 3, false);
    let reason = |file: &[u8], options: Options| {
        let outcome = read_with(file, &options);
        assert_eq!(outcome.rejects.len(), 1);
        assert_eq!((outcome.rejects[0].record, outcome.rejects[0].offset), (1, 0));
        outcome.rejects[0].reason.clone()
    };
    let format = |format| Options { format: Some(format), ..Options::default() };
    let compression = |kind| Options { compression: Some(kind), ..Options::default() };
    let protobuf = protobuf(Signal::Logs, 3);
    for (file, options, expected) in [
        (
            line.as_bytes(),
            format(Format::Protobuf),
            "it is JSON, not protobuf as the option format says",
        ),
        (
            &*protobuf,
            format(Format::Json),
            "it is OTLP protobuf, not JSON as the option format says",
        ),
        (
            line.as_bytes(),
            compression(Compression::Gzip),
            "it cannot be unwrapped: bytes that are not gzip at byte 0",
        ),
        (
            &gzip(line.as_bytes()),
            compression(Compression::None),
            "it is gzip, compressed more often than DuckSpan unwraps or was told",
        ),
        (
            &gzip(&zstd(line.as_bytes())),
            compression(Compression::Gzip),
            "it is zstd, compressed more often than DuckSpan unwraps or was told",
        ),
        (b"PAR1 and so on", Options::default(), "it is a Parquet file; use read_parquet"),
    ] {
        assert_eq!(reason(file, options), expected);
    }
}

/// A span, metric or log record without any field may be of any signal: the option tells.
#[test]
fn a_signal_that_does_not_show_is_told() {
    let empty = field(1, &field(2, &field(2, b"")));
    let file = big_endian([protobuf(Signal::Logs, 3), empty]);
    let place = (4 + protobuf(Signal::Logs, 3).len() + 4) as u64;
    let outcome = read(&file);
    assert_eq!(outcome.signals(), [Signal::Logs]);
    let reason = "no field of its rows tells the signal: name it, as in signal := 'traces'";
    assert_eq!(outcome.rejects(), [(2, place, RejectKind::Malformed, reason)]);
    for signal in Signal::ALL {
        let options = Options { signals: SignalSet::only(signal), ..Options::default() };
        let outcome = read_with(&file, &options);
        let logs = usize::from(signal == Signal::Logs);
        assert_eq!(outcome.signals(), vec![signal; 1 + logs]);
        assert!(outcome.rejects.is_empty());
    }
}

/// A metric with a description alone could be a span with an odd id, but no log record.
#[test]
fn a_signal_that_nothing_speaks_for_is_told() {
    let metric = field(1, &field(2, &field(2, &field(2, b"description"))));
    let file = big_endian([protobuf(Signal::Logs, 3), metric]);
    for signal in Signal::ALL {
        let options = Options { signals: SignalSet::only(signal), ..Options::default() };
        let outcome = read_with(&file, &options);
        match signal {
            Signal::Traces | Signal::Metrics => assert_eq!(outcome.signals(), [signal]),
            Signal::Logs => {
                assert_eq!(outcome.rejects[0].reason, "it is protobuf of no known signal")
            }
        }
    }
}

/// What is not wanted of a row is left out; the row is still there.
#[test]
fn a_projection_keeps_the_rows() {
    let options = Options { needed: Projection::NOTHING.into(), ..Options::default() };
    for signal in Signal::ALL {
        let file = json(signal, 3, false).repeat(3);
        let mut batches = Batches::new(file.as_bytes(), &options, file.len());
        let batch = batches.next_batch(|_| Ok(())).expect("memory does not fail");
        let decoded = Worker::new().decode(&batch.expect("records"), &options);
        let rows = |segment: &Segment| {
            assert_eq!((segment.signal(), segment.kept()), (signal, options.needed));
            (0..segment.len()).map(|row| segment.message(row).map(<[u8]>::len)).collect::<Vec<_>>()
        };
        assert_eq!(decoded.segments.iter().flat_map(rows).collect::<Vec<_>>(), [Some(0); 3]);
        assert!(read(&file).rows.iter().all(|(_, data)| data.contains("1000")));
    }
}

#[test]
fn the_largest_record() {
    let line = json(Signal::Logs, 300, false);
    let binary = protobuf(Signal::Logs, 300);
    let pretty = json(Signal::Logs, 300, true);
    let small = json(Signal::Logs, 1, false);
    let files = [
        (line.len(), format!("{line}\n{small}").into_bytes()),
        (pretty.len(), format!("{pretty}\n{small}").into_bytes()),
        (line.len(), big_endian([&line, &small])),
        (binary.len(), big_endian([&binary, &protobuf(Signal::Logs, 1)])),
        (line.len(), big_endian([zstd(line.as_bytes()), zstd(small.as_bytes())])),
        (line.len(), big_endian([gzip(line.as_bytes()), gzip(small.as_bytes())])),
        // The tag and the length are none of the record.
        (binary.len() - 3, [&*binary, &protobuf(Signal::Logs, 1)].concat()),
    ];
    for (len, file) in files {
        for (maximum, rows) in [(len + 1, 2), (len, 2), (len - 1, 1)] {
            let options = Options { maximum_object_size: maximum, ..Options::default() };
            let outcome = read_with(&file, &options);
            assert_eq!((outcome.rows.len(), outcome.records), (rows, 2), "{len} {maximum}");
            for reject in &outcome.rejects {
                assert_eq!((reject.kind, reject.record), (RejectKind::TooLarge, 1));
                let named = format!("maximum_object_size ({maximum} bytes)");
                assert!(reject.reason.contains(&named), "{}", reject.reason);
            }
        }
    }
}
