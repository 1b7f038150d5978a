//! Compression around files, and around records.

use super::{
    Options, Outcome, RejectKind, data, gzip, json, protobuf, read, read_in, read_with, zstd,
};
use crate::signal::Signal;
use crate::split::sample::big_endian;

fn lines(count: usize) -> Vec<u8> {
    (json(Signal::Logs, 30, false) + "\n").repeat(count).into_bytes()
}

fn halves(file: &[u8]) -> (&[u8], &[u8]) {
    file.split_at(file.len() / 2)
}

/// Rows 40, 41, 66.
#[test]
fn files_may_be_compressed_in_any_way() {
    let skippable = b"\x53\x2a\x4d\x18\x05\0\0\0hello";
    for file in [lines(20), protobuf(Signal::Metrics, 900), big_endian([protobuf(Signal::Logs, 1)])]
    {
        let plain = read(&file);
        let (first, second) = halves(&file);
        for (name, compressed) in [
            ("gzip", gzip(&file)),
            ("two members", [gzip(first), gzip(second)].concat()),
            ("an empty member first", [gzip(b""), gzip(&file)].concat()),
            ("an empty member last", [gzip(&file), gzip(b"")].concat()),
            ("padding", [&*gzip(&file), &[0; 500]].concat()),
            ("zstd", zstd(&file)),
            ("two frames", [zstd(first), zstd(second)].concat()),
            ("a skippable frame first", [skippable, &*zstd(&file)].concat()),
            ("a skippable frame last", [&*zstd(&file), skippable].concat()),
            ("gzip in zstd", zstd(&gzip(&file))),
            ("zstd in gzip", gzip(&zstd(&file))),
            ("three times", gzip(&gzip(&zstd(&file)))),
        ] {
            assert_eq!(read(&compressed), plain, "{name}");
        }
        let outcome = read(gzip(&gzip(&gzip(&gzip(&file)))));
        let reason = "it is gzip, compressed more often than DuckSpan unwraps or was told";
        assert_eq!(outcome.rejects(), [(1, 0, RejectKind::Foreign, reason)]);
    }
}

/// Row 39: a file that is cut gives the records before the cut, and one reject that is no error.
#[test]
fn compressed_files_may_be_cut_anywhere() {
    let file = lines(30);
    let data = data(Signal::Logs);
    for compressed in [gzip(&file), zstd(&file), zstd(&gzip(&file))] {
        let options = Options::default();
        for end in 0..compressed.len() {
            let outcome = read_in(1 << 13, &compressed[..end], &options).expect("it is read");
            assert!(outcome.rows.iter().all(|row| row.1 == data), "{end}");
            let told = u64::from(!outcome.rejects.is_empty());
            assert_eq!(outcome.records, outcome.rows.len() as u64 + told, "{end}");
            let kinds: Vec<_> = outcome.rejects.iter().map(|reject| reject.kind).collect();
            if end < 4 {
                continue;
            }
            assert_eq!(kinds, [RejectKind::Incomplete], "{end}: {:?}", outcome.rejects);
            assert!(outcome.rejects[0].reason.starts_with("the file is cut off: "), "{end}");
        }
    }
}

/// Row 39: records before damage are read; the record that is lost by it is not counted a second time.
#[test]
fn compressed_files_may_be_damaged() {
    let file = lines(400);
    let good = (Signal::Logs, data(Signal::Logs));
    let mut bad_checksum = gzip(&file);
    let at = bad_checksum.len() - 5;
    bad_checksum[at] ^= 1;
    let mut bad_length = gzip(&file);
    *bad_length.last_mut().expect("a byte") ^= 1;
    let half = &file[..file.len() / 2 + 11];
    let garbage = [&*gzip(half), b"garbage"].concat();
    let zstd_garbage = [&*zstd(half), b"garbage"].concat();
    let half_rows = half.len() / (file.len() / 400);
    for (name, compressed, rows, reason) in [
        ("checksum", bad_checksum, 400, "corrupt gzip stream: incorrect data check"),
        ("length", bad_length, 400, "corrupt gzip stream: incorrect length check"),
        ("garbage", garbage, half_rows, "bytes that are not gzip follow its end"),
        ("garbage", zstd_garbage, half_rows, "bytes that are not zstd follow its end"),
    ] {
        let outcome = read(&compressed);
        assert_eq!(outcome.rows, vec![good.clone(); rows], "{name}");
        let reject = &outcome.rejects[0];
        assert_eq!((outcome.rejects.len(), reject.kind), (1, RejectKind::Malformed), "{name}");
        assert_eq!((reject.record, outcome.records), (rows as u64 + 1, rows as u64 + 1));
        let start = format!("the rest of the file cannot be unwrapped: {reason} at byte ");
        assert!(reject.reason.starts_with(&start), "{}", reject.reason);
        let place = if rows == 400 { file.len() } else { half.len() };
        assert_eq!(reject.offset, place as u64, "{name}");
    }
    let nothing = [gzip(b"")[..12].to_vec(), vec![0xff; 60]].concat();
    let outcome = read(nothing);
    assert_eq!((outcome.rejects.len(), outcome.rejects[0].kind), (1, RejectKind::Foreign));
}

/// What is no OTLP is an error that names it, though the file is cut as well.
#[test]
fn compressed_files_of_something_else() {
    let text = gzip(&b"id,name\n1,a\n2,b\n".repeat(900));
    for file in [&text[..], &text[..text.len() - 9]] {
        let reason = "it is text, neither OTLP/JSON nor OTLP protobuf";
        assert_eq!(read(file).rejects(), [(1, 0, RejectKind::Foreign, reason)]);
    }
}

fn check(records: &[Vec<u8>], rejects: &[(u64, u64, RejectKind, &str)]) -> Outcome {
    let outcome = read(big_endian(records));
    assert_eq!(outcome.rejects(), rejects);
    assert_eq!(outcome.records, records.len() as u64);
    assert_eq!(outcome.rows.len(), records.len() - rejects.len());
    outcome
}

/// Each record may be compressed by itself; a place inside of it is none in the file.
#[test]
fn records_may_be_compressed() {
    use RejectKind::Malformed;
    let line = json(Signal::Logs, 30, false).into_bytes();
    let binary = protobuf(Signal::Traces, 30);
    let good = zstd(&line);
    let at = |before: usize| (4 * (before + 1) + before * good.len()) as u64;
    check(&[good.clone(), gzip(&line), zstd(&binary), gzip(&binary), line.clone(), binary], &[]);
    let many_frames = [zstd(&line[..9]), zstd(&line[9..])].concat();
    check(&[good.clone(), many_frames], &[]);
    let broken = zstd(&line[..line.len() - 1]);
    let reason = format!(
        "record ends inside a JSON value, at byte {} of the unwrapped record",
        line.len() - 1
    );
    check(&[good.clone(), broken, good.clone()], &[(2, at(1), Malformed, &reason)]);
    let twice = "the record is compressed twice";
    check(&[good.clone(), gzip(&good), good.clone()], &[(2, at(1), Malformed, twice)]);
    let cut = good[..good.len() - 3].to_vec();
    let reason = format!("zstd stream ends early at byte {}", cut.len());
    check(&[good.clone(), cut, good.clone()], &[(2, at(1), Malformed, &reason)]);
    let garbage = [&*good, b"x"].concat();
    let reason = format!("bytes that are not zstd follow its end at byte {}", good.len());
    check(&[good.clone(), good.clone(), garbage, good.clone()], &[(3, at(2), Malformed, &reason)]);
}

/// Row 38: a record that expands to more than the largest record allowed does so no further.
#[test]
fn records_that_are_bombs() {
    let good = zstd(json(Signal::Logs, 30, false).as_bytes());
    let bombs = [zstd(&vec![b' '; 9 << 20]), gzip(&vec![b' '; 9 << 20])];
    for bomb in bombs {
        let options = Options { maximum_object_size: 40_000, ..Options::default() };
        let outcome = read_with(&big_endian([&good, &bomb, &good]), &options);
        let reason = "record expands beyond maximum_object_size (40000 bytes)";
        let place = (4 + good.len() + 4) as u64;
        assert_eq!(outcome.rejects(), [(2, place, RejectKind::TooLarge, reason)]);
        assert_eq!(outcome.rows.len(), 2);
    }
}

#[test]
fn framed_zstd_inside_zstd() {
    let record = zstd(json(Signal::Logs, 30, false).as_bytes());
    let outcome = read(zstd(&big_endian([&record, &record, &record])));
    assert_eq!((outcome.signals(), outcome.rejects.len()), (vec![Signal::Logs; 3], 0));
}
