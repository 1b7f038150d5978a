//! Protobuf without framing.

use super::super::sample::{field, protobuf, row};
use super::{Framing, check, cut, cut_up_to};
use crate::signal::Signal;

#[test]
fn each_field_1_is_a_record_with_its_tag() {
    check(
        Framing::Bare,
        &[
            (b"\x0a\x01a", &["protobuf \\n\\x01a"]),
            (b"\x0a\0\x0a\0", &["protobuf \\n\\x00", "protobuf \\n\\x00"]),
            // A length may be padded.
            (b"\x0a\x81\0a", &["protobuf \\n\\x81\\x00a"]),
            // Other fields are passed over, whatever they are.
            (b"\x12\x01a\x0a\x01b\x1a\0", &["protobuf \\n\\x01b"]),
            (b"\x10\x80\x01\x0a\0", &["protobuf \\n\\x00"]),
            (b"\x11abcdefgh\x15abcd\x0a\0", &["protobuf \\n\\x00"]),
            (b"\x13\x0a\x01a\x14\x0a\0", &["protobuf \\n\\x00"]),
            // A newline at the end is none of it.
            (b"\x0a\x01a\n", &["protobuf \\n\\x01a"]),
            (b"\n", &[]),
        ],
    );
}

/// Blob stores put a newline between what they append. The newline is also the tag of a record, and may
/// be its length too.
#[test]
fn newlines_between_messages_are_told_from_tags() {
    let mut records: Vec<_> = (0..40).map(|size| protobuf(Signal::Logs, size)).collect();
    for content in 0..40 {
        let row = field(2, &field(2, &field(5, &field(1, &vec![b'y'; content]))));
        records.push(field(1, &row));
        records.push(field(1, &field(3, &vec![b'\n'; content])));
    }
    assert!(records.iter().any(|record| record.starts_with(b"\x0a\x0a")));
    let shown: Vec<_> =
        records.iter().map(|one| format!("protobuf {}", one.escape_ascii())).collect();
    assert_eq!(cut(Framing::Bare, &records.join(&b'\n')), shown);
    assert_eq!(cut(Framing::Bare, &records.concat()), shown);
}

#[test]
fn damage_ends_the_file() {
    let skipped = "; the rest of the file is skipped";
    let good = protobuf(Signal::Metrics, 3);
    let shown = format!("protobuf {}", good.escape_ascii());
    for (damage, reason) in [
        (&b"\0\0\0"[..], "field number out of range"),
        (b"\x08\x01", "field 1 is no message"),
        (b"\x0f\x01", "field 1 is no message"),
        (b"\x17\x01", "unexpected wire type"),
        (b"\x14\x0a\0", "unexpected wire type"),
        (b"\x13\x1c\x0a\0", "end of a group that is not open"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0a", "varint of more than 10 bytes"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "varint of more than 64 bits"),
    ] {
        let stream = [&*good, damage, &*good].concat();
        let fault = format!("malformed at {}: {reason}{skipped}", good.len());
        assert_eq!(cut(Framing::Bare, &stream), [shown.clone(), fault], "{damage:x?}");
    }
}

/// The end of the file must be the only thing that is wrong with a record that is cut.
#[test]
fn a_length_that_is_damaged_is_no_cut() {
    let good = protobuf(Signal::Traces, 3);
    let stream = [&b"\x0a\xff\x7f"[..], &good[2..], &good].concat();
    let fault = "malformed at 0: message ends inside a field; the rest of the file is skipped";
    assert_eq!(cut(Framing::Bare, &stream), [fault]);
    let cut_off = cut(Framing::Bare, &[&good[..], &good[..good.len() - 1]].concat());
    assert_eq!(cut_off[1..], [format!("incomplete at {}: the last record is cut off", good.len())]);
}

#[test]
fn a_record_that_is_too_large_is_passed_over() {
    let small = field(1, &row(Signal::Logs));
    let large = field(1, &[b'x'; 900]);
    let cut_large = &large[..400];
    let shown = format!("protobuf {}", small.escape_ascii());
    let fault = |at: usize| {
        let reason = "record of 903 bytes is larger than maximum_object_size (30 bytes)";
        format!("too large at {at}: {reason}")
    };
    let cases = [
        (
            [&*small, &*large, &*small].concat(),
            vec![shown.clone(), fault(small.len()), shown.clone()],
        ),
        ([&*large, &*large].concat(), vec![fault(0), fault(903)]),
        ([&*small, cut_large].concat(), vec![shown.clone(), fault(small.len())]),
    ];
    for (stream, expected) in cases {
        assert_eq!(cut_up_to(30, Framing::Bare, &stream), expected);
    }
    // A field of no interest is not held, however large it is.
    let other = [&*field(3, &[b'x'; 900]), &*small].concat();
    assert_eq!(cut_up_to(30, Framing::Bare, &other), [shown]);
    let group = [&b"\x13"[..], &b"\x10\x01".repeat(400), b"\x14"].concat();
    let fault = "malformed at 0: group without end; the rest of the file is skipped";
    assert_eq!(cut_up_to(30, Framing::Bare, &group), [fault]);
}
