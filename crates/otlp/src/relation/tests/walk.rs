//! Tests of walks over messages and repeated fields.

use crate::any_value::AnyValue;
use crate::relation::elements::{Elements, Repeated, key_value};
use crate::relation::walk::{ABSENT, Walk};
use crate::schema::{LOG_RECORD, SPAN};
use crate::trusted::Trusted;
use crate::wire::{put_len, put_tag, put_varint};

/// A byte before each message: nothing inside of one is at the start of a segment.
const BEFORE: &[u8] = &[0];

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = BEFORE.to_vec();
    write(&mut bytes);
    bytes
}

fn part(bytes: &[u8]) -> Trusted<'_> {
    Trusted::vouched(bytes, BEFORE.len()..bytes.len())
}

/// Unknown fields of every wire type.
fn unknown(bytes: &mut Vec<u8>) {
    put_len(bytes, 1000, b"unknown");
    put_tag(bytes, 100, 0);
    put_varint(bytes, 300);
    put_tag(bytes, 17, 1);
    bytes.extend_from_slice(&[1; 8]);
    put_tag(bytes, 20, 5);
    bytes.extend_from_slice(&[1; 4]);
    put_tag(bytes, 30, 3);
    put_len(bytes, 5, b"in a group");
    put_tag(bytes, 30, 4);
}

#[test]
fn fields_are_found_among_unknown_ones() {
    let bytes = message(|bytes| {
        unknown(bytes);
        put_len(bytes, 5, b"name");
        unknown(bytes);
        put_tag(bytes, 7, 1);
        bytes.extend_from_slice(&7_u64.to_le_bytes());
        unknown(bytes);
        put_tag(bytes, 16, 5);
        bytes.extend_from_slice(&9_u32.to_le_bytes());
        unknown(bytes);
    });
    let mut walk = Walk::new(&SPAN);
    let [name, start, end, flags] = [5, 7, 8, 16].map(|number| walk.want(number));
    assert_eq!(walk.want(7), start);
    assert_eq!((walk.width(), walk.wanted()), (4, 1 << 5 | 1 << 7 | 1 << 8 | 1 << 16));
    let mut places = [ABSENT; 4];
    walk.locate(part(&bytes), &mut places);
    let at = |place: u32| part(&bytes).at(place as usize..bytes.len());
    assert_eq!(at(places[name]).len().map(Trusted::content), Some(b"name".as_slice()));
    assert_eq!(at(places[start]).array(), Some(7_u64.to_le_bytes()));
    assert_eq!(places[end], ABSENT);
    assert_eq!(at(places[flags]).array(), Some(9_u32.to_le_bytes()));
}

#[test]
fn the_walk_ends_at_the_last_field_that_is_wanted() {
    for (wanted, fields, expected) in [
        // Behind the wanted field stands what no walk may read.
        (5, &[(5, true), (6, false)][..], true),
        (5, &[(6, true), (5, false)], false),
        (5, &[(1, true), (5, true), (5, false)], true),
        (9, &[(9, true), (9, false)], true),
    ] {
        let bytes = message(|bytes| {
            for &(number, is_whole) in fields {
                put_tag(bytes, number, 2);
                put_varint(bytes, if is_whole { 1 } else { u64::MAX });
                bytes.push(b'x');
            }
        });
        let mut walk = Walk::new(&SPAN);
        let slot = walk.want(wanted);
        let mut places = [ABSENT];
        walk.locate(part(&bytes), &mut places);
        assert_eq!(places[slot] != ABSENT, expected, "{wanted} in {fields:?}");
    }
}

#[test]
fn elements_are_found_among_unknown_fields() {
    let bytes = message(|bytes| {
        put_len(bytes, 6, b"one");
        put_len(bytes, 6, b"");
        // LogRecord has no field 4, so it may stand here.
        put_len(bytes, 4, b"unknown");
        unknown(bytes);
        put_len(bytes, 6, b"three");
        put_len(bytes, 12, b"event name");
        put_len(bytes, 6, b"not in canonical order");
    });
    let first = part(&bytes).at(BEFORE.len() + 1..bytes.len());
    let elements: Vec<&[u8]> =
        Repeated::new(&LOG_RECORD, 6).elements(first).map(Trusted::content).collect();
    assert_eq!(elements, [b"one".as_slice(), b"", b"three"]);
}

#[test]
fn lists_are_walked_to_their_end() {
    let bytes = message(|bytes| {
        unknown(bytes);
        put_len(bytes, 1, b"one");
        unknown(bytes);
        put_len(bytes, 1, b"two");
        unknown(bytes);
    });
    let elements: Vec<&[u8]> = Elements::of_list(part(&bytes)).map(Trusted::content).collect();
    assert_eq!(elements, [b"one".as_slice(), b"two"]);
    assert_eq!(Elements::of_list(part(BEFORE)).count(), 0);
}

#[test]
fn attributes_may_lack_parts_and_have_others() {
    for (fields, key, value) in [
        (&[(1, "key"), (2, "value")][..], "key", "value"),
        (&[(2, "value")], "", "value"),
        (&[(1, "key")], "key", ""),
        (&[], "", ""),
        (&[(1, "key"), (3, "unknown"), (2, "value"), (1000, "unknown")], "key", "value"),
        (&[(3, "unknown"), (1, "key"), (2, "value")], "key", "value"),
    ] {
        let bytes = message(|bytes| {
            fields.iter().for_each(|&(number, text)| put_len(bytes, number, text.as_bytes()));
        });
        let (found_key, found_value) = key_value(part(&bytes));
        assert_eq!(found_key.content(), key.as_bytes(), "{fields:?}");
        assert_eq!(found_value.content(), value.as_bytes(), "{fields:?}");
    }
}

#[test]
fn values_may_stand_behind_unknown_fields() {
    let with = |write: fn(&mut Vec<u8>)| {
        message(|bytes| {
            unknown(bytes);
            write(bytes);
            unknown(bytes);
        })
    };
    let text = with(|bytes| put_len(bytes, 1, b"text"));
    assert!(
        matches!(AnyValue::of(part(&text)), AnyValue::String(text) if text.content() == b"text")
    );
    let int = with(|bytes| bytes.extend_from_slice(&[0x18, 7]));
    assert!(matches!(AnyValue::of(part(&int)), AnyValue::Int(7)));
    assert!(matches!(AnyValue::of(part(&with(|_| {}))), AnyValue::Empty));
    // What profiles have there is absent in other signals.
    assert!(matches!(
        AnyValue::of(part(&with(|bytes| bytes.extend_from_slice(&[0x40, 7])))),
        AnyValue::Empty
    ));
}
