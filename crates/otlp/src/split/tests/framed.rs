//! Records with their length before them.

use super::super::sample::{big_endian, json, protobuf, varint};
use super::{Content, Framing, LARGE, Record, check, cut, cut_in, cut_up_to};
use crate::signal::Signal;

#[test]
fn a_record_is_what_its_first_bytes_say() {
    let records: [(&[u8], &str); 10] = [
        (b"{\"a\":1}", "json"),
        (b" \r\n\t{}", "json"),
        (b"\xef\xbb\xbf{}", "json"),
        (b"[]", "json"),
        (b"\n{\"a\":1}", "json"),
        (b"\x0a\0", "protobuf"),
        (b"hello", "protobuf"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x28\xb5\x2f\xfd\0", "zstd"),
        (b"\x5a\x2a\x4d\x18\0", "zstd"),
    ];
    let shown = records.map(|(bytes, kind)| format!("{kind} {}", bytes.escape_ascii()));
    let records = records.map(|(bytes, _)| bytes);
    assert_eq!(cut(Framing::LengthPrefixed, &big_endian(records)), shown);
    assert_eq!(cut(Framing::Varint, &varint(records)), shown);
}

/// The length of the first field is any byte, those of brackets and white space among them.
#[test]
fn protobuf_is_protobuf_whatever_its_lengths() {
    for signal in Signal::ALL {
        for size in 0..300 {
            let stream = big_endian([protobuf(signal, size)]);
            let found = cut_in(stream.len(), Framing::LengthPrefixed, LARGE, &stream);
            let record = Record { range: 4..stream.len(), content: Content::Protobuf };
            assert_eq!(found, [record], "{}", stream.escape_ascii());
        }
    }
}

/// White space before JSON may read like the tags and lengths of a request, up to a point.
#[test]
fn json_is_json_whatever_stands_before_it() {
    let document = json(Signal::Logs, 90, true);
    for space in ["\n{\n \n\r\n\t", "\n", "\n\n\n", "\n \n\r\n\t", "\r\n", "\t"] {
        let brace = if space.contains('{') { 1 } else { 0 };
        let record = format!("{space}{}", &document[brace..]);
        let found = cut(Framing::LengthPrefixed, &big_endian([&record]));
        assert_eq!(found, [format!("json {}", record.as_bytes().escape_ascii())]);
    }
}

#[test]
fn empty_records_are_nothing() {
    check(
        Framing::LengthPrefixed,
        &[(b"\0\0\0\0", &[]), (b"\0\0\0\0\0\0\0\x02{}\0\0\0\0", &["json {}"])],
    );
    check(Framing::Varint, &[(b"\0", &[]), (b"\0\0\x02{}\0\x80\0", &["json {}"])]);
}

#[test]
fn the_last_record_may_be_cut() {
    let cut_off = |at| format!("incomplete at {at}: the last record is cut off");
    for (stream, at) in [
        (&b"\0\0\0\x02{}\0"[..], 6),
        (b"\0\0\0\x02{}\0\0\0", 6),
        (b"\0\0\0\x02{}\0\0\0\x09", 6),
        (b"\0\0\0\x02{}\0\0\0\x09{\"a\":", 6),
        (b"\0\0\0\x02{}\0\0\0\x09\x0a\x07\x0a", 6),
        (b"\0\0\0\x02{}\0\0\0\x09\x28\xb5\x2f\xfd", 6),
        (b"\0\0\0\x02{}\0\0\0\x09\x1f\x8b", 6),
    ] {
        let found = cut(Framing::LengthPrefixed, stream);
        assert_eq!(found, ["json {}".to_owned(), cut_off(at)], "{stream:x?}");
    }
    check(
        Framing::Varint,
        &[
            (b"\x02{}\x09{", &["json {}", &cut_off(3)]),
            (b"\x02{}\x80", &["json {}", &cut_off(3)]),
            (b"\x02{}\x80\x80\x80\x80", &["json {}", &cut_off(3)]),
        ],
    );
}

/// The end of the file must be the only thing that is wrong with a record that is cut.
#[test]
fn a_length_that_is_damaged_is_no_cut() {
    let records = [1, 2].map(|size| protobuf(Signal::Logs, size));
    let following = records[0].len() + records[1].len() + 4;
    let mut stream = big_endian(&records);
    stream[2] = 0x40;
    let announced = 0x4000 + records[0].len();
    let fault = |at: usize, announced: usize, following: usize| {
        let reason = format!(
            "a record of {announced} bytes is announced; the {following} that follow are none"
        );
        format!("malformed at {at}: {reason}")
    };
    assert_eq!(cut(Framing::LengthPrefixed, &stream), [fault(0, announced, following)]);
    let text = b"\0\0\0\x02{}\0\0\0\x40{}\0\0\0\x02{}";
    assert_eq!(cut(Framing::LengthPrefixed, text)[1..], [fault(6, 0x40, 8)]);
    assert_eq!(cut(Framing::Varint, b"\x02{}\x40hello")[1..], [fault(3, 0x40, 5)]);
}

#[test]
fn no_length_ends_the_file() {
    let fault = "malformed at 3: no record length; the rest of the file is skipped";
    check(Framing::Varint, &[(b"\x02{}\x80\x80\x80\x80\x80\x01{}", &["json {}", fault])]);
}

#[test]
fn a_record_that_is_too_large_is_passed_over() {
    let large = vec![b'x'; 900];
    let fault = |at: usize| {
        let reason = "record of 900 bytes is larger than maximum_object_size (30 bytes)";
        format!("too large at {at}: {reason}")
    };
    let records = [&b"{}"[..], &large, b"{}", &large];
    let cases = [
        (Framing::LengthPrefixed, big_endian(records), [6, 916]),
        (Framing::Varint, varint(records), [3, 908]),
    ];
    for (framing, stream, [first, second]) in cases {
        let expected = ["json {}", &fault(first), "json {}", &fault(second)];
        assert_eq!(cut_up_to(30, framing, &stream), expected);
        assert_eq!(cut_up_to(30, framing, &stream[..stream.len() - 1]), expected);
    }
    let exact = big_endian([vec![b'x'; 30]]);
    let shown = format!("protobuf {}", "x".repeat(30));
    assert_eq!(cut_up_to(30, Framing::LengthPrefixed, &exact), [shown]);
}
