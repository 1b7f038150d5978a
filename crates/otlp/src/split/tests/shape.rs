//! What begins like a request, and what is the beginning of one.

use super::super::sample::{field, protobuf, row};
use super::super::shape::{begins_like_request, is_cut_request};
use crate::signal::Signal;

/// A request whose resource has each kind of field.
fn request(signal: Signal) -> Vec<u8> {
    let list = field(5, &[field(1, &field(1, b"a")), field(1, &[0x10, 1])].concat());
    let map = field(6, &field(1, &[field(1, b"k"), field(2, &list)].concat()));
    let attributes = [
        field(1, &[field(1, b"list"), field(2, &list)].concat()),
        field(1, &[field(1, b"map"), field(2, &map)].concat()),
        field(1, &[field(1, b"double"), field(2, b"\x2112345678")].concat()),
    ];
    let resource = field(1, &[&*attributes.concat(), &[0x10, 3]].concat());
    let scope = field(1, &field(1, b"scope"));
    let scopes = field(2, &[scope, field(2, &row(signal)), field(3, b"schema")].concat());
    field(1, &[resource, scopes, field(3, b"schema")].concat())
}

#[test]
fn requests_begin_like_requests_wherever_they_are_cut() {
    for signal in Signal::ALL {
        for bytes in [request(signal), protobuf(signal, 0), protobuf(signal, 300)] {
            for end in 0..=bytes.len() {
                assert!(begins_like_request(&bytes[..end], bytes.len() as u64), "{end}");
                assert!(is_cut_request(&bytes[..end], bytes.len() as u64), "{end}");
            }
            let late = [&field(1, b"")[..], &field(1, b""), &bytes].concat();
            assert!(begins_like_request(&late, u64::MAX));
        }
    }
}

#[test]
fn other_bytes_do_not() {
    for bytes in [
        &b"\0"[..],
        b"\x08\x01",
        b"\x12\x02\x0a\0",
        b"\x0b\x0c",
        b"hello",
        b"{\"resourceSpans\":[]}",
        b"\x0a\x05hello",
        b"\x0a\x02\x0a\x7f",
        b"\x0a\x04\x0a\x02\x0a\x02",
        b"\x0a\x04\x1a\x03ab",
        b"\x0a\x09\x0a\x07\x0a\x05hello",
        b"\n{\n  \"resourceSpans\": [",
        b"\n\n{\"resourceSpans\":[]}",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    ] {
        assert!(!begins_like_request(bytes, u64::MAX), "{}", bytes.escape_ascii());
    }
    assert!(!begins_like_request(b"\x0a", 1), "the message ends before a length");
    assert!(!begins_like_request(b"\xba", 1), "the message ends inside a tag");
    assert!(begins_like_request(b"\x0a\x09\x12", 11));
    assert!(!begins_like_request(b"\x0a\x09\x12", 10), "the field is larger than the message");
}

/// A tag or a length that is damaged shows, if what follows is no message then.
#[test]
fn what_is_damaged_is_not_just_cut() {
    let bytes = request(Signal::Traces);
    for (at, byte) in [(0, 0), (0, 0x0b), (3, 0x0b), (4, 0x14), (5, 0x0c), (8, 0xff)] {
        let mut damaged = bytes.clone();
        damaged[at] = byte;
        damaged.truncate(bytes.len() - 1);
        assert!(!is_cut_request(&damaged, u64::MAX), "byte {at}: {}", damaged.escape_ascii());
    }
    // The next record's length stands where this one should go on.
    let following = [&bytes[..], &[0, 0, 1, 0], &bytes].concat();
    assert!(!is_cut_request(&following, u64::MAX));
    assert!(!is_cut_request(b"\x0a\x09\x12", 10), "the field is larger than the message");
}

/// Fields into fields, each cut: no stack is needed for them.
#[test]
fn deep_beginnings() {
    let mut bytes =
        b"\x0a\xff\xff\xff\xff\x0f\x0a\xff\xff\xff\xff\x0e\x0a\xff\xff\xff\xff\x0d\x12".to_vec();
    for _ in 0..100_000 {
        bytes.extend(b"\xff\xff\xff\xff\x0c\x2a\xff\xff\xff\xff\x0b\x0a");
    }
    assert!(!is_cut_request(&bytes, u64::MAX), "lengths that do not fit their parents");
    let mut bytes = Vec::new();
    let mut length = u64::MAX >> 2;
    let mut put = |tag: u8, bytes: &mut Vec<u8>| {
        bytes.push(tag);
        length -= 100;
        crate::wire::put_varint(bytes, length);
    };
    let tags = [0x0a, 0x0a, 0x0a, 0x12].into_iter().chain([0x2a, 0x0a].repeat(100_000));
    tags.for_each(|tag| put(tag, &mut bytes));
    assert!(is_cut_request(&bytes, u64::MAX));
}
