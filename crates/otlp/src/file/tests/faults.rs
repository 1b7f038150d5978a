//! What is at fault, by kind.

use super::{Options, RejectKind, data, json, protobuf, read, read_in};
use crate::signal::Signal;
use crate::split::sample::{big_endian, field, row, varint};

/// The only reject of a file without rows.
#[track_caller]
fn only_reject(file: impl AsRef<[u8]>) -> (RejectKind, String) {
    let outcome = read(file);
    assert_eq!((outcome.rows.len(), outcome.rejects.len()), (0, 1), "{:?}", outcome.rejects);
    (outcome.rejects[0].kind, outcome.rejects[0].reason.clone())
}

/// Row 2.
#[test]
fn envelopes_without_rows_are_no_fault() {
    for file in [
        &b"{}"[..],
        b"{\"resourceSpans\":[]}",
        b"{\"resourceSpans\":[{\"resource\":{}}]}",
        b"{\"resourceLogs\":[{\"scopeLogs\":[{\"scope\":{\"name\":\"x\"}}]}]}",
        b"\x0a\0",
        b"\x0a\x02\x12\0",
        b"\x0a\x04\x12\x02\x0a\0",
    ] {
        let outcome = read(file);
        assert_eq!((outcome.rows.len(), outcome.rejects.len()), (0, 0), "{file:x?}");
    }
}

#[test]
fn files_of_something_else_are_foreign() {
    for (file, reason) in [
        (
            &b"{\"resource_spans\":[{\"scope_spans\":[]}]}"[..],
            "found the key \"resource_spans\" in snake_case, expected an object with \
             \"resourceSpans\", \"resourceMetrics\" or \"resourceLogs\"",
        ),
        (
            b"{\"resourceProfiles\":[],\"dictionary\":{}}",
            "found the profiles signal, expected an object with \
             \"resourceSpans\", \"resourceMetrics\" or \"resourceLogs\"",
        ),
        (
            b"{\n  \"id\": 1\n}\n",
            "found an object with the key \"id\", expected an object with \
             \"resourceSpans\", \"resourceMetrics\" or \"resourceLogs\"",
        ),
        (b"[1, 2, 3]", "neither a JSON object nor an array"),
        (
            b"\x08\x07\x12\x08\x0a\x06schema",
            "it is OTAP (OpenTelemetry Arrow) or other protobuf, not OTLP",
        ),
        (b"hello\n", "it is text, neither OTLP/JSON nor OTLP protobuf"),
        (b"\x89\x01\x02\x03\x04\x05\x06\x07", "it is neither JSON nor OTLP protobuf"),
    ] {
        assert_eq!(only_reject(file), (RejectKind::Foreign, reason.to_owned()));
    }
}

/// A profile as the profiler of OpenTelemetry writes it.
fn profile() -> Vec<u8> {
    let sample_type = field(1, &[0x08, 1, 0x10, 2]);
    let sample = field(2, &[&[0x08, 3][..], &field(4, &[5, 6])].concat());
    let time = [&[0x19][..], &1_000_u64.to_le_bytes()].concat();
    let period = [field(5, &[0x08, 1, 0x10, 2]), vec![0x30, 7], field(7, &[9; 16])].concat();
    [sample_type, sample, time, vec![0x20, 8], period].concat()
}

#[test]
fn profiles_are_foreign() {
    let scope = field(2, &[field(1, &field(1, b"profiler")), field(2, &profile())].concat());
    let attribute = field(1, &[field(1, b"service.name"), field(2, &field(1, b"x"))].concat());
    let group = field(1, &[field(1, &attribute), scope].concat());
    let dictionary = field(2, &[field(1, b""), field(5, b""), field(5, b"samples")].concat());
    let file = [group, dictionary].concat();
    for file in [file.clone(), big_endian([&file, &file]), varint([&file, &file])] {
        let outcome = read(&file);
        assert!(outcome.rows.is_empty(), "{:?}", outcome.rows);
        assert_eq!(outcome.records, outcome.rejects.len() as u64);
        for reject in &outcome.rejects {
            assert_eq!(reject.kind, RejectKind::Foreign, "{}", reject.reason);
            assert!(reject.reason.contains("profiles"), "{}", reject.reason);
        }
    }
}

/// Row 4: records before a cut are read, and the cut is told once, as a record that is incomplete.
#[test]
fn files_may_be_cut_anywhere() {
    let line = json(Signal::Logs, 30, false).into_bytes();
    let pretty = json(Signal::Logs, 30, true).into_bytes();
    let binary = [1, 60, 200].map(|size| protobuf(Signal::Logs, size));
    let lines = [&*line, &line, &line];
    let documents = [&*pretty, &pretty, &pretty];
    for (name, file) in [
        ("lines", lines.join(&b'\n')),
        ("documents", documents.join(&b'\n')),
        ("array", [b"[", &*documents.join(&b','), b"]"].concat()),
        ("bare", binary.concat()),
        ("framed", big_endian(&binary)),
        ("framed JSON", big_endian(lines)),
        ("varint", varint(&binary)),
    ] {
        let options = Options::default();
        for end in 1..file.len() {
            let outcome = read_in(1 << 13, &file[..end], &options).expect("slices do not fail");
            assert!(outcome.rows.len() < 4);
            let kinds: Vec<_> = outcome.rejects.iter().map(|reject| reject.kind).collect();
            // A few bytes, none of which is of a record, may be anything.
            let fits = kinds.is_empty() || kinds == [RejectKind::Incomplete] || end < 5;
            assert!(fits, "{name}, {end} bytes: {:?}", outcome.rejects);
        }
        assert_eq!(read(&file).rows.len(), 3, "{name}");
    }
}

/// Rows 5 and 6.
#[test]
fn damaged_protobuf_is_malformed() {
    let good = row(Signal::Logs);
    let request = |row: &[u8]| field(1, &field(2, &[field(2, &good), field(2, row)].concat()));
    for (damage, reason) in [
        // A key that is longer than its attribute.
        (field(6, b"\x0a\x7fkey"), "length reaches beyond its parent"),
        (
            vec![0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            "varint of more than 10 bytes",
        ),
        (vec![0x00, 0x01], "field number out of range"),
        (vec![0x64], "end of a group"),
        (vec![0x17, 0x01], "wire type"),
        (vec![0x0a, 0x01, b'x'], "timeUnixNano of LogRecord has wire type 2 instead of 1"),
        (vec![0x09, 1, 2, 3], "ends inside a fixed-width field"),
    ] {
        for file in [request(&damage), big_endian([request(&damage)])] {
            let (kind, what) = only_reject(&file);
            assert_eq!(kind, RejectKind::Malformed, "{what}");
            assert!(what.contains(reason) || reason == "end of a group", "{what}, not {reason}");
        }
    }
}

/// Row 63: lines that are at fault, between others.
#[test]
fn layouts_of_lines() {
    let good = json(Signal::Traces, 3, false);
    let data = data(Signal::Traces);
    for (file, rows, rejects) in [
        ("\n\n@\n \n\t\n@\n\n", 2, 0),
        ("\u{feff}@\n@", 2, 0),
        ("@\r\n@\r\n", 2, 0),
        ("@\r@", 2, 0),
        ("hello\n@\n", 1, 1),
        ("@\nhello {]\n@", 2, 1),
        ("@\nhello", 1, 1),
        ("@\n42\n@", 2, 1),
        ("@\n\"{}\"\n@", 2, 1),
        ("@\nhello\nworld\n@", 2, 2),
        ("@\n{\"resourceSpans\":[{\"scopeS\n@", 2, 1),
        ("@\n{\"resourceSpans\":[{\"schemaUrl\":\"x\n@", 2, 1),
        // Whole documents are read, whatever else stands on their line.
        ("@}\n@", 2, 1),
        ("@,\n@", 2, 0),
        ("@\n]\n@", 2, 1),
        ("@\n{\"resourceSpans\":[{\"scopeS@\n@", 3, 1),
        ("@\n{\"resourceSpans\":[{\"scopeS@", 2, 1),
        ("@\n{\"resourceSpans\":[{@{\"a\":@@\n@", 5, 1),
        ("@\n\0\0\0\0\n@", 2, 1),
        ("@\n\0\0\0\0@\n@", 3, 0),
        ("\0\0\0\0@\n@", 2, 0),
        ("\0@", 1, 0),
        ("@@\n@", 3, 0),
    ] {
        let outcome = read(file.replace('@', &good));
        let found = (outcome.rows.len(), outcome.rejects.len());
        assert_eq!(found, (rows, rejects), "{file:?}: {:?}", outcome.rejects);
        assert!(outcome.rows.iter().all(|row| row.1 == data));
    }
}

/// Wherever a document is cut, and whatever byte of it is lost or another, those after it are read.
#[test]
fn a_damaged_document_takes_no_other_with_it() {
    let rows = |file: &str| {
        let outcome = read_in(1 << 13, file.as_bytes(), &Options::default());
        let outcome = outcome.expect("slices do not fail");
        (outcome.rows.len(), outcome.rejects.len())
    };
    for pretty in [true, false] {
        let [first, second, third] = Signal::ALL.map(|signal| json(signal, 3, pretty));
        for at in 1..first.len() {
            for between in ["", "\n"] {
                let file = format!("{}{between}{second}\n{third}", &first[..at]);
                assert_eq!(rows(&file), (2, 1), "cut at {at}: {file}");
            }
            let (found, _) = rows(&format!("{0}{0}\n{second}\n{third}", &first[..at]));
            assert_eq!(found, 2, "cut twice at {at}: {first}");
            for byte in ["", "}", "{", "\"", "\n"] {
                let damaged = format!("{}{byte}{}", &first[..at], &first[at + 1..]);
                let (found, _) = rows(&format!("{damaged}\n{second}\n{third}"));
                assert!(found >= 2, "{byte:?} at {at}: {damaged}");
            }
        }
    }
}

/// Row 69: fields that OTLP dropped before 1.0 are read as those that took their place.
#[test]
fn fields_of_the_past_are_read() {
    let old = r#"{"resourceSpans":[{"instrumentationLibrarySpans":[{"spans":[{"name":"old"}]}]}]}"#;
    assert_eq!(read(old).rows, [(Signal::Traces, r#"{"name":"old"}"#.to_owned())]);
    let old = [field(1, b"m"), field(4, &field(1, &[0x19, 1, 0, 0, 0, 0, 0, 0, 0]))].concat();
    let outcome = read(big_endian([field(1, &field(2, &field(2, &old)))]));
    let point = r#"{"timeUnixNano":"1","asInt":"0"}"#;
    let data = format!(r#"{{"name":"m","gauge":{{"dataPoints":[{point}]}}}}"#);
    assert_eq!(outcome.rows, [(Signal::Metrics, data)]);
}
