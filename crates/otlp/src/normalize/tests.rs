use super::*;
use crate::schema::{
    ANY_VALUE, BUCKETS, ENTITY_REF, EXEMPLAR, HISTOGRAM_DATA_POINT, KEY_VALUE, LOG_RECORD, METRIC,
    NUMBER_DATA_POINT, RESOURCE_SPANS, SPAN, SUM,
};
use crate::verify::{Form, verify};
use crate::wire::sample::{
    Nesting, all, attribute, double, fixed32, fixed64, group, message, on_small_stack, text, varint,
};

type Case = (&'static Message, Vec<u8>, Vec<u8>);

fn normalized(message: &'static Message, bytes: &[u8]) -> (Vec<u8>, u64) {
    let (mut out, mut repairs) = (b"before".to_vec(), Repairs::default());
    normalize(&Verified::written(message, bytes, Form::Loose), &mut out, &mut repairs);
    assert!(out.starts_with(b"before"));
    (out.split_off(b"before".len()), repairs.of(Repair::InvalidUtf8))
}

fn check<const N: usize>(cases: [Case; N]) {
    for (message, bytes, expected) in cases {
        assert_eq!(
            verify(message, &bytes).map(|found| found.form()),
            Ok(Form::Loose),
            "{} {bytes:x?}",
            message.name
        );
        assert_eq!(
            normalized(message, &bytes),
            (expected.clone(), 0),
            "{} {bytes:x?}",
            message.name
        );
        assert_eq!(verify(message, &expected).map(|found| found.form()), Ok(Form::Canonical));
        assert_eq!(normalized(message, &expected), (expected, 0));
    }
}

fn packed<const N: usize>(number: u32, values: [u64; N]) -> Vec<u8> {
    text(number, values.map(u64::to_le_bytes).concat())
}

#[test]
fn fields_are_put_in_order() {
    let (a, b) = (attribute(9, "a", b""), attribute(9, "b", b"\x10\x01"));
    check([
        (&SPAN, all([varint(6, 1), text(5, "n")]), all([text(5, "n"), varint(6, 1)])),
        (
            &SPAN,
            all([b.clone(), fixed32(16, 1), a.clone(), text(1, [1; 16])]),
            all([text(1, [1; 16]), b.clone(), a.clone(), fixed32(16, 1)]),
        ),
        (&KEY_VALUE, all([text(2, ""), text(1, "k")]), all([text(1, "k"), text(2, "")])),
        (
            &SPAN,
            message(9, [text(2, message(6, [message(1, [text(2, ""), text(1, "k")])]))]),
            message(9, [text(2, message(6, [message(1, [text(1, "k"), text(2, "")])]))]),
        ),
        (
            &RESOURCE_SPANS,
            all([text(3, "url"), message(2, [text(3, "u"), text(2, "")]), text(1, "")]),
            all([text(1, ""), message(2, [text(2, ""), text(3, "u")]), text(3, "url")]),
        ),
    ]);
}

/// Row 9.
#[test]
fn the_last_of_repeated_scalars_is_kept() {
    check([
        (&SPAN, all([text(5, "a"), text(5, "b")]), text(5, "b")),
        (&SPAN, all([text(5, "a"), text(5, "")]), text(5, "")),
        (
            &SPAN,
            all([varint(6, 1), fixed64(7, 1), varint(6, 2)]),
            all([varint(6, 2), fixed64(7, 1)]),
        ),
        (&SPAN, all([text(1, [1; 16]), text(1, [2; 3])]), text(1, [2; 3])),
        (&HISTOGRAM_DATA_POINT, all([double(5, 1.0), double(5, 0.0)]), double(5, 0.0)),
        (&SPAN, all([fixed32(16, 1), fixed32(16, 2)]), fixed32(16, 2)),
    ]);
}

/// Row 9.
#[test]
fn repeated_singular_messages_are_merged() {
    let attribute = |key| attribute(1, key, b"");
    check([
        (
            &RESOURCE_SPANS,
            all([
                message(1, [attribute("a"), varint(2, 1)]),
                text(2, "\x1a\x01s"),
                message(1, [varint(2, 7), attribute("b")]),
                text(1, ""),
            ]),
            all([message(1, [attribute("a"), attribute("b"), varint(2, 7)]), text(2, "\x1a\x01s")]),
        ),
        (&SPAN, all([message(15, [varint(3, 1)]), text(15, "")]), message(15, [varint(3, 1)])),
        (&SPAN, all([text(15, ""), text(15, "")]), text(15, "")),
        (
            &SPAN,
            all([message(15, [varint(3, 1)]), message(15, [text(2, "m")])]),
            message(15, [text(2, "m"), varint(3, 1)]),
        ),
        (
            &METRIC,
            all([message(7, [text(1, "")]), message(7, [varint(3, 1), text(1, "")])]),
            message(7, [text(1, ""), text(1, ""), varint(3, 1)]),
        ),
        (
            &KEY_VALUE,
            all([text(2, varint(3, 1)), text(1, "k"), text(2, text(1, "v"))]),
            all([text(1, "k"), text(2, text(1, "v"))]),
        ),
        // Merged in their parts' parts.
        (
            &LOG_RECORD,
            all([
                message(5, [message(5, [text(1, varint(3, 1))])]),
                message(5, [message(5, [text(1, varint(3, 2))])]),
            ]),
            message(5, [message(5, [text(1, varint(3, 1)), text(1, varint(3, 2))])]),
        ),
    ]);
}

/// Row 9.
#[test]
fn the_last_member_of_a_oneof_is_kept() {
    let list = |value| message(5, [text(1, varint(3, value))]);
    check([
        (&ANY_VALUE, all([text(1, "a"), varint(3, 1)]), varint(3, 1)),
        (&ANY_VALUE, all([varint(3, 1), text(1, "a")]), text(1, "a")),
        (&ANY_VALUE, all([varint(3, 1), text(1, "")]), text(1, "")),
        (
            &ANY_VALUE,
            all([list(1), list(2)]),
            message(5, [text(1, varint(3, 1)), text(1, varint(3, 2))]),
        ),
        (&ANY_VALUE, all([list(1), varint(3, 1), list(2)]), list(2)),
        (&ANY_VALUE, all([list(1), varint(3, 1), list(2), text(7, "b")]), text(7, "b")),
        (
            &METRIC,
            all([text(7, text(1, "")), text(1, "n"), text(5, ""), text(12, "")]),
            all([text(1, "n"), text(5, ""), text(12, "")]),
        ),
        (
            &NUMBER_DATA_POINT,
            all([fixed64(6, 1), fixed64(3, 1), double(4, 1.0), attribute(7, "k", b"")]),
            all([fixed64(3, 1), double(4, 1.0), attribute(7, "k", b"")]),
        ),
        (&EXEMPLAR, all([double(3, 1.0), fixed64(6, 0)]), fixed64(6, 0)),
    ]);
}

/// Row 8.
#[test]
fn repeated_scalars_are_packed() {
    check([
        (&HISTOGRAM_DATA_POINT, fixed64(6, 1), packed(6, [1])),
        (&HISTOGRAM_DATA_POINT, all([fixed64(6, 1), fixed64(6, 0)]), packed(6, [1, 0])),
        (
            &HISTOGRAM_DATA_POINT,
            all([packed(6, [1, 2]), double(7, 0.5), fixed64(6, 3), text(6, ""), packed(6, [4])]),
            all([packed(6, [1, 2, 3, 4]), packed(7, [0.5f64.to_bits()])]),
        ),
        (&HISTOGRAM_DATA_POINT, all([text(6, ""), fixed64(4, 1)]), fixed64(4, 1)),
        (&HISTOGRAM_DATA_POINT, text(6, ""), vec![]),
        (&BUCKETS, varint(2, 300), text(2, [0xac, 0x02])),
        (
            &BUCKETS,
            all([text(2, [1, 0x80, 0x01]), varint(2, 3), varint(1, 1)]),
            all([varint(1, 1), text(2, [1, 0x80, 0x01, 3])]),
        ),
        (
            &ENTITY_REF,
            all([text(4, "d"), text(3, "a"), text(3, "")]),
            all([text(3, "a"), text(3, ""), text(4, "d")]),
        ),
    ]);
}

#[test]
fn long_packed_values_are_put_together() {
    let values: Vec<Vec<u8>> = (0..1000).map(|value| fixed64(6, value)).collect();
    let (found, _) = normalized(&HISTOGRAM_DATA_POINT, &values.concat());
    let expected: Vec<u8> = (0..1000u64).flat_map(u64::to_le_bytes).collect();
    assert_eq!(found, text(6, expected));
}

#[test]
fn numbers_are_cut_to_their_width() {
    check([
        (&SPAN, varint(6, 1 << 32 | 3), varint(6, 3)),
        (&SPAN, varint(6, u32::MAX.into()), varint(6, u64::MAX)),
        (&SPAN, varint(6, 0x8000_0000), varint(6, i32::MIN as u64)),
        (&SPAN, varint(10, 7 << 32 | 3), varint(10, 3)),
        (&SUM, varint(3, 1 << 63), varint(3, 1)),
        (&ANY_VALUE, varint(2, 2), varint(2, 1)),
        (&BUCKETS, varint(1, 1 << 40 | 5), varint(1, 5)),
    ]);
}

/// A9, rows 7 and 32.
#[test]
fn unknown_fields_are_dropped() {
    let cases: [Case; 4] = [
        (&SPAN, all([varint(17, 1), text(5, "n"), group(100), fixed64(1000, 1)]), text(5, "n")),
        (&KEY_VALUE, all([varint(3, 9), text(1, "k")]), text(1, "k")),
        (&ANY_VALUE, all([varint(8, 9), varint(3, 1)]), varint(3, 1)),
        (&SPAN, message(15, [varint(1, 2), varint(3, 1)]), message(15, [varint(3, 1)])),
    ];
    for (message, bytes, expected) in cases {
        assert_eq!(normalized(message, &bytes), (expected, 0), "{bytes:x?}");
    }
}

#[test]
fn what_is_canonical_stays_as_it_is() {
    let padded = |number: u8| vec![number << 3 | 0x80, 0x00, 0x81, 0x80, 0x00];
    let cases: [(&Message, Vec<u8>); 4] = [
        (&SPAN, all([text(5, "n"), attribute(9, "k", b"\x18\x01")])),
        (&SPAN, padded(6)),
        (&SPAN, attribute(9, "k", &padded(3))),
        (&SPAN, all([varint(6, 0), fixed64(7, 0)])),
    ];
    for (message, bytes) in cases {
        assert_eq!(
            verify(message, &bytes).map(|found| found.form()),
            Ok(Form::Canonical),
            "{bytes:x?}"
        );
        assert_eq!(normalized(message, &bytes), (bytes, 0));
    }
    // So does what was only sorted.
    let (bytes, sorted) = (all([padded(10), padded(6)]), all([padded(6), padded(10)]));
    assert_eq!(normalized(&SPAN, &bytes), (sorted.clone(), 0));
    assert_eq!(normalized(&SPAN, &sorted), (sorted, 0));
}

/// Row 16.
#[test]
fn invalid_utf8_is_replaced_and_counted() {
    let cases: [(&Message, Vec<u8>, Vec<u8>, u64); 6] = [
        (&SPAN, text(5, b"a\xffb"), text(5, "a\u{fffd}b"), 1),
        (&SPAN, text(5, b"\xff\xfe"), text(5, "\u{fffd}\u{fffd}"), 1),
        (&SPAN, text(5, b"\xe2\x82"), text(5, "\u{fffd}"), 1),
        (
            &SPAN,
            all([
                text(3, b"\xff"),
                attribute(9, "k", &text(1, b"\xff")),
                message(9, [text(1, b"\xff")]),
            ]),
            all([
                text(3, "\u{fffd}"),
                attribute(9, "k", &text(1, "\u{fffd}")),
                message(9, [text(1, "\u{fffd}")]),
            ]),
            3,
        ),
        // One that is replaced is not repaired; bytes are no text.
        (&SPAN, all([text(5, b"\xff"), text(5, "b")]), text(5, "b"), 0),
        (&ANY_VALUE, all([text(1, b"\xff"), text(7, b"\xff")]), text(7, b"\xff"), 0),
    ];
    for (message, bytes, expected, repairs) in cases {
        assert_eq!(normalized(message, &bytes), (expected, repairs), "{bytes:x?}");
    }
}

#[test]
fn a_length_that_grows_or_shrinks_moves_what_follows() {
    for len in [40, 42, 43, 125, 126, 127, 128, 129, 5000, 5461, 5462] {
        let bad = vec![0xff; len];
        let expected = attribute(9, "k", &text(1, "\u{fffd}".repeat(len)));
        let found = normalized(&SPAN, &attribute(9, "k", &text(1, &bad)));
        assert_eq!(found, (expected, 1), "{len} bytes grow");
        let unknown = text(100, &bad);
        let bytes = message(15, [unknown, varint(3, 1), varint(3, 2)]);
        assert_eq!(normalized(&SPAN, &bytes), (message(15, [varint(3, 2)]), 0), "{len} bytes go");
    }
}

#[test]
fn the_deepest_values_are_kept() {
    for nesting in Nesting::ALL {
        let value = nesting.value(64);
        let bytes = all([attribute(9, "k", &value), text(5, "name")]);
        let expected = all([text(5, "name"), attribute(9, "k", &value)]);
        assert_eq!(normalized(&SPAN, &bytes), (expected, 0), "{nesting:?}");
    }
}

#[test]
fn bytes_that_were_not_verified_do_no_harm() {
    on_small_stack(|| {
        for nesting in Nesting::ALL {
            let value = nesting.value(200_000);
            assert!(normalized(&ANY_VALUE, &value).0.len() < value.len());
        }
    });
    let request = all([text(5, "name"), attribute(9, "k", b"\x18\x01"), varint(6, 1)]);
    for end in 0..request.len() {
        normalized(&SPAN, &request[..end]);
    }
}
