//! What is said of files that hold no OTLP.

use super::{Format, HEAD, Sniffed, found, sniff};
use crate::signal::Signal;
use crate::split::Framing;
use crate::split::sample::{big_endian, field, json, protobuf, varint};

fn check(file: &[u8], name: &str) {
    match found(file) {
        Sniffed::Unknown(what) => {
            assert!(what.contains(name), "{what}, not {name}: {}", file[..20].escape_ascii());
        }
        other => panic!("{other:?}, not {name}"),
    }
}

/// Bytes that look random.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn files_are_named_by_their_first_bytes() {
    for (magic, name) in [
        (&b"PAR1"[..], "read_parquet"),
        (b"ARROW1\0\0", "Arrow IPC file"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "Arrow IPC stream"),
        (b"FEA1", "Feather"),
        (b"ORC", "ORC"),
        (b"Obj\x01", "Avro"),
        (b"SQLite format 3\0", "SQLite"),
        (b"PK\x03\x04", "zip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"\xff\x06\0\0sNaPpY", "snappy"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xfe{\0\"\0", "UTF-16"),
        (b"\xfe\xff\0{\0\"", "UTF-16"),
        (b"{\0\"\0r\0e\0", "UTF-16"),
        (b"\0{\0\"\0r\0e", "UTF-16"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"<?xml version", "XML"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"<html>", "HTML"),
        (b"\x1f\x8b\x08\0", "gzip, compressed more often"),
        (b"\x28\xb5\x2f\xfd", "zstd, compressed more often"),
    ] {
        check(&[magic, &noise(600)].concat(), name);
        // OTLP inside does not make it OTLP.
        let otlp = json(Signal::Logs, 3, false);
        let file = [magic, &noise(100), b"\n", otlp.as_bytes(), b"\n"].concat();
        let compressed = name.contains("compressed");
        assert!(compressed || matches!(found(&file), Sniffed::Unknown(_)), "{name}");
    }
    let at = |offset: usize, magic: &[u8]| [&*vec![b'x'; offset], magic, &[0; 300]].concat();
    check(&at(8, b"DUCK"), "DuckDB");
    check(&at(257, b"ustar"), "tar");
}

#[test]
fn text_is_named_so() {
    let text = "text, neither OTLP/JSON nor OTLP protobuf";
    for file in [
        "id,name\n1,a\n2,b\n3,c\n",
        "hello, this is not telemetry\n",
        "[section]\nkey = value\n# more of it",
        "[2025-11-24 10:00:00] INFO started\n[2025-11-24 10:00:01] INFO stopped\n",
        "[12345] INFO started\n[12346] INFO stopped\n",
        "{not json at all, but in braces}\n{and more}\n",
        "\n\nfn main() {\n    println!(\"hello\");\n}\n",
        "42\n43\n44\n45\n46\n47\n48\n49",
        "\"a\"\n\"b\"\n\"c\"\n\"d\"\n\"e\"\n\"f\"\n",
        "Grüße aus Köln\nund aus der weiten Welt\n",
        "\nA\nB\nC\nD\nE\nF\nG\nH\nI\nJ\nK\nL\n",
    ] {
        check(file.as_bytes(), text);
    }
    check(b"Gr\xfc\xdfe aus K\xf6ln, in Latin-1", text);
}

#[test]
fn binaries_are_named_so() {
    for file in [noise(5_000), vec![0; 5_000], b"\x7fELF\x02\x01\x01\0".repeat(9)] {
        check(&file, "neither JSON nor OTLP protobuf");
    }
}

#[test]
fn other_protobuf_is_named_so() {
    let payload = field(2, &[field(1, b"schema"), vec![0x10, 40], field(3, &noise(200))].concat());
    let otap = [&[0x08, 7][..], &payload, &payload].concat();
    let table = field(2, &[field(1, &noise(50)), field(5, &noise(300))].concat());
    for file in [otap.clone(), big_endian([&otap])] {
        check(&file, "OTAP");
    }
    for file in [table.clone(), big_endian([&table]), varint([&table])] {
        check(&file, "profiles");
    }
}

/// JSON that is no OTLP is still read as JSON, whose keys then say what it is.
#[test]
fn foreign_json_is_json() {
    for (file, framing) in [
        ("{\"a\":1}\n{\"a\":2}\n", Framing::Lines),
        ("{\n  \"a\": 1\n}\n", Framing::Documents),
        ("[1,2,3]", Framing::Documents),
        ("[]", Framing::Documents),
        ("{}", Framing::Lines),
        ("{\"resource_spans\":[]}\n", Framing::Lines),
        ("[\n  {\"id\": 1, \"name\": \"x\"}\n]\n", Framing::Documents),
    ] {
        assert_eq!(found(file), Sniffed::Framing(framing), "{file}");
    }
}

/// Where the option format says something else, that is what is said.
#[test]
fn another_format_than_the_option_says() {
    let line = json(Signal::Logs, 3, false);
    let (one, two) = (protobuf(Signal::Logs, 3), protobuf(Signal::Logs, 90));
    for file in [line.clone(), format!("{line}\n{line}"), format!("[{line}]"), "{\"a\":1}".into()] {
        let what = "JSON, not protobuf as the option format says";
        assert_eq!(sniff(file.as_bytes(), true, Some(Format::Protobuf)), Sniffed::Unknown(what));
    }
    for file in [one.clone(), [&*one, &*two].concat(), big_endian([&one]), varint([&two])] {
        let what = "OTLP protobuf, not JSON as the option format says";
        assert_eq!(sniff(&file, true, Some(Format::Json)), Sniffed::Unknown(what));
    }
    for format in [Format::Json, Format::Protobuf] {
        let what = "a Parquet file; use read_parquet";
        assert_eq!(sniff(b"PAR1 and more of it", true, Some(format)), Sniffed::Unknown(what));
    }
}

/// What is not told by the first bytes is told when there are enough of them.
#[test]
fn no_more_is_asked_for_than_needed() {
    let file = noise(HEAD + 10);
    assert_eq!(sniff(&file[..HEAD - 1], false, None), Sniffed::NeedMore);
    assert!(matches!(sniff(&file[..HEAD], false, None), Sniffed::Unknown(_)));
    assert!(matches!(sniff(&file, false, None), Sniffed::Unknown(_)));
}
