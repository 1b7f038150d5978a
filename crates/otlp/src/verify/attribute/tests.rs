use super::*;
use crate::error::Error;
use crate::limits::MAX_VALUE_DEPTH;
use crate::schema::{KEY_VALUE, Message, SPAN};
use crate::verify::{Needs, Verified, verify};
use crate::wire::sample::{all, attribute, double, text, varint};

/// What a message needs, to be canonical.
fn check(message: &'static Message, bytes: &[u8]) -> Result<Needs, Error> {
    verify(message, bytes).map(|found| found.needs)
}

/// A value that is an array of texts.
fn array(texts: &[&str]) -> Vec<u8> {
    let elements = texts.iter().flat_map(|element| text(1, text(1, element)));
    text(5, elements.collect::<Vec<u8>>())
}

/// One attribute of each form that is recognised.
fn samples() -> Vec<Vec<u8>> {
    let int = |value: u64| varint(3, value);
    let values = [
        text(1, ""),
        text(1, "v"),
        text(1, "x".repeat(50)),
        text(1, "x".repeat(118)),
        text(1, "é€𝄞"),
        varint(2, 0),
        varint(2, 1),
        int(0),
        int(0x7f),
        int(0x80),
        int(300_000),
        int(u64::MAX >> 1),
        double(4, -0.5),
        array(&[]),
        array(&["gift"]),
        array(&["", "a", "expreß"]),
    ];
    let of = |value: &Vec<u8>| all([text(1, "key"), text(2, value)]);
    values.iter().map(of).chain([all([text(1, ""), text(2, text(1, "v"))])]).collect()
}

#[test]
fn common_attributes_are_recognised() {
    for sample in samples() {
        assert!(is_plain(&sample), "{sample:x?}");
    }
}

#[test]
fn other_attributes_are_not() {
    let of = |value: &[u8]| all([text(1, "k"), text(2, value)]);
    let others = [
        vec![],
        text(1, "k"),
        text(2, text(1, "v")),
        all([text(2, text(1, "v")), text(1, "k")]),
        all([text(1, b"\xc3"), text(2, text(1, "v"))]),
        all([text(1, "k"), text(2, text(1, "v")), varint(3, 1)]),
        of(b""),
        of(&text(1, b"\xff")),
        of(&text(1, "x".repeat(126))),
        of(&text(1, "x".repeat(1000))),
        of(&text(1, ["x".repeat(60).as_bytes(), b"\xff"].concat())),
        of(&text(7, "bytes")),
        of(&text(5, text(1, text(1, b"\xc3")))),
        of(&array(&["x".repeat(120).as_str()])),
        of(&text(5, text(1, varint(3, 1)))),
        of(&text(5, text(1, b""))),
        of(&text(5, all([text(1, text(1, "a")), text(1, array(&["b"]))]))),
        of(&text(5, text(2, text(1, "unknown")))),
        of(&all([array(&["a"]), array(&["b"])])),
        // A length of 258 would end in the same byte.
        [&text(1, "k")[..], &[0x12, 2, 0x0a, 0], &[b'x'; 256]].concat(),
        of(&varint(2, 2)),
        of(b"\x10\x81\x00"),
        of(b"\x18\x81\x00"),
        of(&varint(3, u64::MAX)),
        of(&all([varint(3, 1), varint(3, 1)])),
        of(&all([text(1, "a"), varint(3, 1)])),
    ];
    for other in others {
        assert!(!is_plain(&other), "{other:x?}");
    }
}

/// Whatever is recognised, the walk over its fields finds canonical too: for every text that is a sample
/// with one byte changed, or without its last bytes, or with some too many.
#[test]
fn what_is_recognised_is_canonical() {
    let mut recognised = 0;
    for sample in samples() {
        let cut = (0..sample.len()).map(|len| sample[..len].to_vec());
        let longer = (0..=u8::MAX).map(|last| [&sample[..], &[last]].concat());
        let changed = (0..sample.len()).flat_map(|at| {
            let sample = &sample;
            (0..=u8::MAX).map(move |byte| [&sample[..at], &[byte], &sample[at + 1..]].concat())
        });
        for bytes in cut.chain(longer).chain(changed).filter(|bytes| is_plain(bytes)) {
            recognised += 1;
            assert_eq!(check(&KEY_VALUE, &bytes), Ok(Needs::Nothing), "{bytes:x?}");
        }
    }
    assert!(recognised > 10_000, "{recognised}");
}

/// What stands behind an attribute has no say, nor has whether anything does.
#[test]
fn attributes_are_checked_alike_wherever_they_stand() {
    for sample in samples() {
        for at in 0..sample.len() {
            for byte in [0, 1, 2, 0x0a, 0x12, 0x7f, 0x80, 0xff] {
                let changed = [&sample[..at], &[byte], &sample[at + 1..]].concat();
                let last = text(9, &changed);
                let found = check(&SPAN, &last);
                for behind in [attribute(9, "k", &text(1, "v")), text(13, text(1, [0xff; 100]))] {
                    let followed = check(&SPAN, &[&last[..], &behind].concat());
                    assert_eq!(place(&followed), place(&found), "{changed:x?}");
                }
            }
        }
    }
}

/// Texts of any length are recognised where attributes stand back to back: as the walk over their fields
/// finds them, whatever one byte becomes.
#[test]
fn long_texts_are_checked_alike() {
    let (key, value) = ("key".repeat(50), "e\u{301}".repeat(60));
    let long = |key: &str, value: &str| all([text(1, key), text(2, text(1, value))]);
    let samples = [
        long("k", &value[..123]),
        long("k", &value[..126]),
        long("k", &value),
        long(&key, ""),
        long(&key, &value),
        [&long("k", &value)[..], b"\xff"].concat(),
        all([text(1, &key), text(2, varint(3, 1))]),
        all([text(1, "k"), text(2, text(5, text(1, text(1, &value))))]),
    ];
    for sample in samples {
        for at in 0..sample.len() {
            for byte in [0, 1, 0x0a, 0x0b, 0x12, 0x7f, 0x80, 0x81, 0xff] {
                let changed = [&sample[..at], &[byte], &sample[at + 1..]].concat();
                let run = [attribute(9, "k", &text(1, "v")), text(9, &changed)].concat();
                let (found, expected) = (verify(&SPAN, &run), verify(&KEY_VALUE, &changed));
                let form =
                    |found: Result<Verified<'_>, Error>| found.ok().map(|found| found.form());
                assert_eq!(form(found), form(expected), "{changed:x?}");
            }
        }
    }
}

/// Text is looked at for many attributes at once, but judged for each.
#[test]
fn one_attribute_of_many_has_other_text() {
    let many = |odd: &[u8], at: usize| {
        let one = |index| attribute(9, "key", &text(1, if index == at { odd } else { b"value" }));
        (0..200).flat_map(one).collect::<Vec<u8>>()
    };
    for at in 0..200 {
        assert_eq!(check(&SPAN, &many("é".as_bytes(), at)), Ok(Needs::Nothing), "{at}");
        assert_eq!(check(&SPAN, &many(b"\xff", at)), Ok(Needs::Rewriting), "{at}");
    }
}

/// An array is a list, for which there has to be room.
#[test]
fn arrays_are_not_nested_too_deep() {
    let nested = |lists: usize, value: Vec<u8>| {
        let within = |value: Vec<u8>, _| text(6, attribute(1, "k", &value));
        attribute(9, "k", &(0..lists).fold(value, within))
    };
    for (lists, fits) in [(MAX_VALUE_DEPTH - 1, true), (MAX_VALUE_DEPTH, false)] {
        let found = check(&SPAN, &nested(lists, array(&["a"])));
        assert_eq!(found.is_ok(), fits, "{lists} lists around it: {found:?}");
        assert!(check(&SPAN, &nested(lists, text(1, "a"))).is_ok());
    }
}

/// The outcome, but for whether more bytes might mend it.
fn place(found: &crate::error::Result<Needs>) -> Result<&Needs, (&str, usize)> {
    found.as_ref().map_err(|error| (error.reason(), error.offset()))
}
