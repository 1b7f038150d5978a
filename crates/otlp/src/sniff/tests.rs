//! What files are taken for, by their beginning.

use super::{Format, HEAD, Sniffed, sniff};
use crate::signal::Signal;
use crate::split::sample::{big_endian, field, json, protobuf, varint};
use crate::split::{BYTE_ORDER_MARK, Framing, TELLING, text};

mod names;

fn framed(framing: Framing, records: &[Vec<u8>]) -> Vec<u8> {
    match framing {
        Framing::LengthPrefixed => big_endian(records),
        Framing::Varint => varint(records),
        _ => records.concat(),
    }
}

/// What the whole of a file is taken for.
fn found(file: impl AsRef<[u8]>) -> Sniffed {
    sniff(file.as_ref(), true, None)
}

/// Lengths near the start of a file may be the bytes of `{`, of a newline, of anything.
#[test]
fn lengths_that_look_like_something_else() {
    for framing in [Framing::Bare, Framing::LengthPrefixed, Framing::Varint] {
        for signal in Signal::ALL {
            for size in 0..300 {
                for count in [1, 2] {
                    let file = framed(framing, &vec![protobuf(signal, size); count]);
                    let head = &file[..file.len().min(12)];
                    for format in [None, Some(Format::Protobuf)] {
                        let found = sniff(&file, true, format);
                        assert_eq!(found, Sniffed::Framing(framing), "{signal:?} {size} {head:x?}");
                    }
                }
            }
        }
    }
}

/// The same for the lengths of everything else that may come first.
#[test]
fn lengths_of_other_first_fields() {
    let row = field(2, &field(2, &crate::split::sample::row(Signal::Traces)));
    for framing in [Framing::Bare, Framing::LengthPrefixed, Framing::Varint] {
        for size in 0..200 {
            let text = vec![b'{'; size];
            let group = |first: &[u8]| field(1, &[first, &row].concat());
            for record in [
                group(&field(2, &field(1, &field(1, &text)))),
                group(&field(2, &field(3, &text))),
                group(&field(1, &field(1, &field(2, &field(1, &text))))),
                group(&field(1, &field(3, &field(1, &text)))),
                [group(&field(3, &text)), group(&field(3, b"\n"))].concat(),
                [field(1, &[]), field(1, &[]), group(&field(3, &text))].concat(),
            ] {
                let file = framed(framing, &[record.clone(), record]);
                let head = &file[..file.len().min(20)];
                assert_eq!(found(&file), Sniffed::Framing(framing), "{size} {head:x?}");
            }
        }
    }
}

/// A file of each layout, and what it is.
fn layouts() -> Vec<(&'static str, Framing, Option<Format>, Vec<u8>)> {
    use Format::{Json, Protobuf};
    let render = |pretty| [0, 90, 900].map(|size| json(Signal::Logs, size, pretty).into_bytes());
    let (lines, pretty) = (render(false), render(true));
    let binary = [0, 90, 900].map(|size| protobuf(Signal::Metrics, size));
    let zstd = lines.each_ref().map(|line| zstd::encode_all(&**line, 0).expect("it is compressed"));
    let array = |records: &[Vec<u8>]| [b"[", &*records.join(&b",\n"[..]), b"]"].concat();
    let bom = |text: &[u8]| [BYTE_ORDER_MARK, text].concat();
    let blank = |text: &[u8]| [b"\n\r\n \t\n", text].concat();
    let (by_line, all) = (lines.join(&b'\n'), pretty.concat());
    vec![
        ("lines", Framing::Lines, Some(Json), by_line.clone()),
        ("CRLF", Framing::Lines, Some(Json), lines.join(&b"\r\n"[..])),
        ("one line", Framing::Lines, Some(Json), lines[2].clone()),
        ("lines, BOM", Framing::Lines, Some(Json), bom(&by_line)),
        ("lines after blank ones", Framing::Lines, Some(Json), blank(&by_line)),
        ("lines after BOM and blank ones", Framing::Lines, Some(Json), bom(&blank(&by_line))),
        ("pretty", Framing::Documents, Some(Json), all.clone()),
        ("pretty, BOM", Framing::Documents, Some(Json), bom(&all)),
        ("pretty after blank lines", Framing::Documents, Some(Json), blank(&all)),
        ("back to back", Framing::Documents, Some(Json), lines.concat()),
        (
            "a line, then pretty",
            Framing::Documents,
            Some(Json),
            [&lines[0], &b"\n"[..], &all].concat(),
        ),
        (
            "pretty, then a line",
            Framing::Documents,
            Some(Json),
            [&all, &b"\n"[..], &lines[0]].concat(),
        ),
        ("array", Framing::Documents, Some(Json), array(&lines)),
        ("array, pretty", Framing::Documents, Some(Json), array(&pretty)),
        ("array after blank lines", Framing::Documents, Some(Json), blank(&array(&pretty))),
        ("framed JSON", Framing::LengthPrefixed, Some(Json), big_endian(&lines)),
        ("framed zstd", Framing::LengthPrefixed, None, big_endian(&zstd)),
        ("bare", Framing::Bare, Some(Protobuf), binary.concat()),
        ("bare, one", Framing::Bare, Some(Protobuf), binary[2].clone()),
        ("bare, by line", Framing::Bare, Some(Protobuf), binary.join(&b'\n')),
        ("framed", Framing::LengthPrefixed, Some(Protobuf), big_endian(&binary)),
        ("varint", Framing::Varint, Some(Protobuf), varint(&binary)),
    ]
}

#[test]
fn layouts_are_told_by_content() {
    for (name, framing, format, file) in layouts() {
        for option in [None, Some(Format::Json), Some(Format::Protobuf)] {
            let sniffed = sniff(&file, true, option);
            if option.is_none() || format.is_none() || option == format {
                assert_eq!(sniffed, Sniffed::Framing(framing), "{name} as {option:?}");
            } else {
                assert!(
                    matches!(sniffed, Sniffed::Unknown(_)),
                    "{name} as {option:?}: {sniffed:?}"
                );
            }
        }
    }
}

/// Whatever part of a file is known, it is taken for the same, or more of it is asked for.
#[test]
fn more_bytes_never_change_the_answer() {
    for (name, framing, _, file) in layouts() {
        for end in 0..=file.len() {
            let sniffed = sniff(&file[..end], false, None);
            let fits = [Sniffed::NeedMore, Sniffed::Framing(framing)].contains(&sniffed);
            assert!(fits, "{name}, {end} bytes: {sniffed:?}");
            let binary = ![Framing::Documents, Framing::Lines].contains(&framing);
            let decided = binary && end > 2 * TELLING;
            assert!(!decided || sniffed != Sniffed::NeedMore, "{name}, {end} bytes");
        }
    }
}

/// What is cut is still told, wherever the cut is: only then it is an incomplete record.
#[test]
fn files_that_are_cut() {
    for (name, framing, _, file) in layouts() {
        for end in 1..file.len().min(400) {
            let sniffed = found(&file[..end]);
            let json_line = [Framing::Lines, Framing::Documents].contains(&framing);
            let fits = match &sniffed {
                Sniffed::Empty => text(&file[..end]).is_empty(),
                // A document that is cut in its first line, or in the first one of many.
                Sniffed::Framing(Framing::Lines | Framing::Documents) if json_line => true,
                // One framing with an empty record, or the other with a length that is cut.
                Sniffed::Framing(Framing::Varint) if framing == Framing::LengthPrefixed => true,
                // Less than the length of a record says little.
                sniffed => end < 8 || *sniffed == Sniffed::Framing(framing),
            };
            assert!(fits, "{name}, {end} bytes: {sniffed:?}");
        }
    }
}

#[test]
fn nothing_but_white_space() {
    for blank in [&b""[..], b"\n", b" \t\r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"] {
        for format in [None, Some(Format::Json), Some(Format::Protobuf)] {
            assert_eq!(sniff(blank, true, format), Sniffed::Empty);
            assert_eq!(sniff(blank, false, format), Sniffed::NeedMore);
        }
    }
    // At some point there is enough of it: it is read on without being held.
    let blank = vec![b'\n'; HEAD];
    assert_eq!(sniff(&blank, false, None), Sniffed::Framing(Framing::Documents));
    assert_eq!(sniff(&blank, true, None), Sniffed::Empty);
}

/// Lines are read as lines if one of them is OTLP, though the first is damaged.
#[test]
fn damaged_json() {
    let line = json(Signal::Traces, 3, false);
    let pretty = json(Signal::Traces, 3, true);
    for first in [
        "hello",
        "42",
        "\"text\"",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"sp",
        "{\"resourceSpans\":[{\"schemaUrl\":\"x",
        "{\"resourceSpans\":[{\"scopeSpans\":[]}",
        "{\"resourceSpans\":[]}}",
        "{\"resourceSpans\":oops}",
        "pans\":[]}]}",
        "{oops",
        "[oops",
        "\0\0\0\0",
        "\u{1}",
    ] {
        let file = format!("{first}\n{line}\n{line}\n");
        assert_eq!(found(&file), Sniffed::Framing(Framing::Lines), "{first}");
        assert_eq!(sniff(file.as_bytes(), true, Some(Format::Json)), found(&file), "{first}");
    }
    for first in [
        "hello\n",
        "}",
        "{\"resourceSpans\":[{\"schemaUrl\":\"x\n",
        "{\"resourceSpans\":[{\"scopeSpans\":[]}\n",
        "[oops,",
    ] {
        let file = format!("{first}{pretty}\n{pretty}");
        assert_eq!(found(&file), Sniffed::Framing(Framing::Documents), "{first}");
    }
    // A control character in a string, at the very start.
    let file = format!("{{\"resourceSpans\":[{{\"schemaUrl\":\"\t\"}}]}}\n{line}");
    assert_eq!(found(&file), Sniffed::Framing(Framing::Lines));
}

/// A file begins with a document that is larger than what is looked at.
#[test]
fn large_first_documents() {
    let line = json(Signal::Traces, 2 * HEAD, false);
    let pretty = json(Signal::Traces, 2 * HEAD, true);
    for file in [format!("{line}\n{line}"), pretty.clone(), format!("[{line}]")] {
        for given in [HEAD, HEAD + 1, 2 * HEAD, file.len()] {
            let sniffed = sniff(&file.as_bytes()[..given], given == file.len(), None);
            assert_eq!(sniffed, Sniffed::Framing(Framing::Documents), "{given}");
        }
        let less = sniff(&file.as_bytes()[..HEAD - 1], false, None);
        assert_eq!(less == Sniffed::NeedMore, file.starts_with("{\""));
    }
    let after_damage = format!("hello\n{line}\n{line}");
    assert_eq!(found(&after_damage), Sniffed::Framing(Framing::Lines));
    for framing in [Framing::Bare, Framing::LengthPrefixed, Framing::Varint] {
        let file = framed(framing, &[protobuf(Signal::Logs, 2 * HEAD)]);
        assert_eq!(sniff(&file[..HEAD], false, None), Sniffed::Framing(framing));
        assert_eq!(found(&file), Sniffed::Framing(framing));
    }
}

/// Damage behind the beginning does not change what a file is.
#[test]
fn damaged_protobuf() {
    for framing in [Framing::Bare, Framing::LengthPrefixed, Framing::Varint] {
        let good = framed(framing, &[protobuf(Signal::Traces, 9)]);
        for damage in [&[0xff; 40][..], &[0; 40], b"{\"resourceSpans\":[]}", b"hello, this is text"]
        {
            let file = [&good, damage, &good].concat();
            assert_eq!(found(&file), Sniffed::Framing(framing), "{damage:x?}");
        }
    }
}

/// Records without rows come first, so small that they could be the length of another framing.
#[test]
fn small_first_records() {
    let record = protobuf(Signal::Logs, 200);
    for first in [&b""[..], b"\x0a\0", b"\x0a\x02\x0a\0", b"\x0a\x02\x12\0", b"\x0a\0\x0a\0"] {
        for framing in [Framing::LengthPrefixed, Framing::Varint, Framing::Bare] {
            let file = framed(framing, &[first.to_vec(), record.clone(), record.clone()]);
            assert_eq!(found(&file), Sniffed::Framing(framing), "{:x?}", &file[..12]);
        }
    }
}

/// A line that is damaged after a sound one makes no document of those after it.
#[test]
fn lines_after_a_damaged_one_are_lines() {
    let line = json(Signal::Traces, 90, false);
    let damaged = [&line[..40], &line[..line.len() - 2], r#"{"a":[1,"#, "plain", r#"{"a":"b"#];
    for damaged in damaged {
        for after in [&*line, "plain"] {
            let file = [&line, damaged, after, &line].join("\n");
            assert_eq!(found(&file), Sniffed::Framing(Framing::Lines), "{damaged:?} {after:?}");
        }
    }
}
