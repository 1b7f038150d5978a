use super::*;
use crate::schema::{
    BUCKETS, ENTITY_REF, EXEMPLAR, EXPONENTIAL_HISTOGRAM_DATA_POINT, HISTOGRAM_DATA_POINT,
    LOG_RECORD, METRIC, NUMBER_DATA_POINT, RESOURCE, RESOURCE_SPANS, SPAN, STATUS, SUM,
    TRACES_DATA,
};
use crate::wire::put_tag;
use crate::wire::sample::{
    Nesting, all, attribute, double, fixed32, fixed64, group, message, on_small_stack, text, varint,
};

type Case = (&'static Message, Vec<u8>);

fn packed<const N: usize>(number: u32, values: [u64; N]) -> Vec<u8> {
    text(number, values.map(u64::to_le_bytes).concat())
}

/// A9, row 7: unknown fields are no fault.
#[test]
fn canonical_messages() {
    let long = "x".repeat(1000);
    let cases: [Case; 32] = [
        (&SPAN, vec![]),
        (&SPAN, text(5, "é🦆\0")),
        (&SPAN, text(5, [long.as_bytes(), "é".as_bytes()].concat())),
        (&SPAN, all([text(1, [0xff; 16]), text(2, [0x80; 8]), text(5, "name"), varint(6, 2)])),
        (&SPAN, all([varint(6, 0), fixed64(7, 0), fixed32(16, 0)])),
        (&SPAN, varint(6, u64::MAX)),
        (&SPAN, varint(6, i32::MIN as u64)),
        (&SPAN, varint(10, u32::MAX.into())),
        (&SPAN, all([attribute(9, "a", b""), attribute(9, "b", b"\x10\x01")])),
        (&SPAN, all([text(9, ""), text(9, text(1, "key only")), text(9, text(2, ""))])),
        (&SPAN, attribute(9, &long, &text(1, &long))),
        (&SPAN, all([fixed64(100, 1), text(5, "n"), group(1000), varint(17, 3), varint(6, 1)])),
        (&SPAN, message(15, [text(2, "m"), varint(3, 1)])),
        (&STATUS, all([text(1, "7"), text(2, "unknown before")])),
        (&ANY_VALUE, text(1, "")),
        (&ANY_VALUE, varint(2, 0)),
        (&ANY_VALUE, varint(3, u64::MAX)),
        (&ANY_VALUE, double(4, f64::NAN)),
        (&ANY_VALUE, text(7, [0xff])),
        (&ANY_VALUE, all([varint(8, 1), varint(3, 1), varint(8, 1)])),
        (&KEY_VALUE, all([text(1, "k"), text(2, varint(3, 1)), varint(3, 9)])),
        (&ENTITY_REF, all([text(3, "a"), text(3, ""), text(4, "b"), text(4, "c")])),
        (&HISTOGRAM_DATA_POINT, all([packed(6, [0, u64::MAX]), packed(7, [1])])),
        (&BUCKETS, all([varint(1, 5), text(2, [0x00, 0xff, 0x01, 0x80, 0x00])])),
        (&BUCKETS, varint(1, u32::MAX.into())),
        (&SUM, all([text(1, ""), varint(2, 1), varint(3, 1)])),
        (&METRIC, all([text(1, "n"), text(5, ""), attribute(12, "k", b"")])),
        (&NUMBER_DATA_POINT, all([fixed64(3, 1), double(4, 0.0)])),
        (&EXEMPLAR, all([fixed64(6, 1), attribute(7, "k", b"")])),
        (&LOG_RECORD, all([text(5, text(1, "body")), text(9, [1; 16])])),
        (&RESOURCE_SPANS, all([text(1, ""), text(2, ""), text(2, ""), text(3, "url")])),
        (&TRACES_DATA, all([text(1, ""), text(1, "")])),
    ];
    for (message, bytes) in cases {
        assert_eq!(
            verify(message, &bytes).map(|found| found.form()),
            Ok(Form::Canonical),
            "{} {bytes:x?}",
            message.name
        );
    }
}

#[test]
fn loose_messages() {
    let padded = |number: u32, value: u64| {
        let mut out = Vec::new();
        put_tag(&mut out, number, 0);
        out.extend_from_slice(&[value as u8 | 0x80, 0x82, 0x80, 0x80, 0x10]);
        out
    };
    let bad = b"\xff";
    let cases: [Case; 41] = [
        // Order.
        (&SPAN, all([varint(6, 1), text(5, "n")])),
        (&SPAN, all([attribute(9, "a", b""), varint(10, 1), attribute(9, "b", b"")])),
        (&SPAN, attribute(9, "k", &message(6, [message(1, [text(2, ""), text(1, "")])]))),
        (&KEY_VALUE, all([text(2, ""), text(1, "k")])),
        (&TRACES_DATA, message(1, [message(2, [text(3, "url"), text(2, "")])])),
        // Repeated singular fields.
        (&SPAN, all([text(5, "a"), text(5, "b")])),
        (&SPAN, all([varint(6, 1), varint(6, 1)])),
        (&SPAN, all([fixed64(7, 1), fixed64(7, 2)])),
        (&SPAN, all([text(15, ""), text(15, "")])),
        (&RESOURCE_SPANS, all([text(1, ""), text(1, "")])),
        (&HISTOGRAM_DATA_POINT, all([double(5, 1.0), double(5, 1.0)])),
        // Oneofs.
        (&ANY_VALUE, all([text(1, "a"), text(1, "a")])),
        (&ANY_VALUE, all([text(1, "a"), varint(3, 1)])),
        (&ANY_VALUE, all([varint(3, 1), text(1, "a")])),
        (&METRIC, all([text(5, ""), text(7, "")])),
        (&METRIC, all([text(5, ""), text(5, "")])),
        (&NUMBER_DATA_POINT, all([double(4, 1.0), fixed64(6, 1)])),
        (&EXEMPLAR, all([double(3, 1.0), fixed64(6, 1)])),
        // Repeated scalars.
        (&HISTOGRAM_DATA_POINT, fixed64(6, 1)),
        (&HISTOGRAM_DATA_POINT, all([fixed64(6, 1), fixed64(6, 2)])),
        (&HISTOGRAM_DATA_POINT, double(7, 1.0)),
        (&HISTOGRAM_DATA_POINT, all([packed(6, [1]), packed(6, [2])])),
        (&HISTOGRAM_DATA_POINT, all([packed(6, [1]), fixed64(6, 2)])),
        (&HISTOGRAM_DATA_POINT, text(6, "")),
        (&BUCKETS, varint(2, 1)),
        (&BUCKETS, text(2, "")),
        // Numbers wider than their kind.
        (&SPAN, varint(6, u32::MAX.into())),
        (&SPAN, varint(6, 1 << 32)),
        (&SPAN, varint(10, 1 << 32)),
        (&BUCKETS, varint(1, u64::MAX)),
        (&SUM, varint(3, 2)),
        (&ANY_VALUE, varint(2, 2)),
        (&ANY_VALUE, padded(2, 1)),
        (&EXPONENTIAL_HISTOGRAM_DATA_POINT, varint(6, 1 << 40)),
        // Strings that are not UTF-8.
        (&SPAN, text(5, bad)),
        (&SPAN, text(5, "é".as_bytes().split_at(1).0)),
        (&SPAN, all([text(3, "plain"), text(5, b"\xed\xa0\x80")])),
        (&SPAN, all([attribute(9, "plain", &text(1, "plain")), attribute(9, "k", &text(1, bad))])),
        (&SPAN, message(9, [text(1, bad), text(2, "")])),
        (&ENTITY_REF, all([text(3, "a"), text(3, bad)])),
        (&LOG_RECORD, text(5, text(1, ["x".repeat(600).as_bytes(), bad].concat()))),
    ];
    for (message, bytes) in cases {
        assert_eq!(
            verify(message, &bytes).map(|found| found.form()),
            Ok(Form::Loose),
            "{} {bytes:x?}",
            message.name
        );
    }
}

/// Rows 4 to 6.
#[test]
fn malformed_messages() {
    let cases: [(&Message, Vec<u8>, &str, usize, bool); 17] = [
        (&SPAN, vec![0x00], "field number out of range", 0, false),
        (&SPAN, vec![0x2a, 5, b'a'], "length reaches beyond its parent", 1, true),
        (&SPAN, vec![0x4a, 2, 0x0a, 5], "length reaches beyond its parent", 3, false),
        (&SPAN, vec![0x4a, 3, 0x0a, 1, b'k', 0x12], "message ends inside a varint", 6, true),
        (&SPAN, vec![0x4a, 4, 0x0a, 0, 0x12, 5], "length reaches beyond its parent", 5, false),
        (
            &SPAN,
            vec![0x4a, 6, 0x0a, 0, 0x12, 2, 0x18, 0x80],
            "message ends inside a varint",
            8,
            false,
        ),
        (&SPAN, vec![0x2d, 1, 2, 3, 4], "name of Span has wire type 5 instead of 2", 0, false),
        (
            &SPAN,
            all([text(5, "n"), text(7, "12345678")]),
            "startTimeUnixNano of Span has wire type 2 instead of 1",
            3,
            false,
        ),
        (&SPAN, group(5), "name of Span has wire type 3 instead of 2", 0, false),
        (
            &HISTOGRAM_DATA_POINT,
            varint(6, 1),
            "bucketCounts of HistogramDataPoint has wire type 0 instead of 2",
            0,
            false,
        ),
        (&HISTOGRAM_DATA_POINT, text(6, "1234567"), "packed values end inside a value", 1, false),
        (
            &HISTOGRAM_DATA_POINT,
            text(4, "12345678"),
            "count of HistogramDataPoint has wire type 2 instead of 1",
            0,
            false,
        ),
        (&BUCKETS, text(2, [1, 0x80]), "message ends inside a varint", 4, false),
        (&BUCKETS, text(2, [0xff; 11]), "varint of more than 10 bytes", 2, false),
        (&ANY_VALUE, vec![0x18], "message ends inside a varint", 1, true),
        (
            &ANY_VALUE,
            [&[0x18][..], &[0xff; 9], &[0x02]].concat(),
            "varint of more than 64 bits",
            1,
            false,
        ),
        (
            &RESOURCE,
            vec![0x0b, 0x0c],
            "attributes of Resource has wire type 3 instead of 2",
            0,
            false,
        ),
    ];
    for (message, bytes, reason, offset, truncated) in cases {
        let error = verify(message, &bytes).expect_err("malformed");
        let found = (error.reason(), error.offset(), error.is_truncated());
        assert_eq!(found, (reason, offset, truncated), "{} {bytes:x?}", message.name);
    }
}

/// Row 6.
#[test]
fn every_field_of_every_message_refuses_other_wire_types() {
    for message in all_messages() {
        for field in message.fields {
            for (wire_type, value) in [(0, vec![1]), (1, vec![0; 8]), (2, vec![0]), (5, vec![0; 4])]
            {
                let mut bytes = Vec::new();
                put_tag(&mut bytes, field.number.into(), wire_type);
                bytes.extend(value);
                let allowed = wire_type == field.wire_type() as u8
                    || wire_type == field.kind.wire_type() as u8;
                let accepted = verify(message, &bytes).is_ok();
                assert_eq!(accepted, allowed, "{}.{} {wire_type}", message.name, field.name);
            }
        }
    }
}

/// Every message that a request of some signal may hold.
fn all_messages() -> Vec<&'static Message> {
    let mut messages: Vec<&'static Message> =
        crate::signal::Signal::ALL.map(crate::signal::Signal::data).to_vec();
    let mut next = 0;
    while let Some(message) = messages.get(next) {
        next += 1;
        for field in message.fields {
            if let Kind::Message(nested) = field.kind
                && !messages.iter().any(|known| std::ptr::eq(*known, nested))
            {
                messages.push(nested);
            }
        }
    }
    messages
}

/// Rows 10 and 11.
#[test]
fn values_nest_in_64_lists_and_no_more() {
    for nesting in Nesting::ALL {
        let around: [fn(&[u8]) -> Case; 3] = [
            |value| (&ANY_VALUE, value.to_vec()),
            |value| (&LOG_RECORD, text(5, value)),
            |value| (&SPAN, attribute(9, "k", value)),
        ];
        for (message, fits) in around.map(|around| around(&nesting.value(64))) {
            assert_eq!(
                verify(message, &fits).map(|found| found.form()),
                Ok(Form::Canonical),
                "{nesting:?}"
            );
        }
        for (message, deep) in around.map(|around| around(&nesting.value(65))) {
            let error = verify(message, &deep).expect_err("too deep");
            assert_eq!(error.reason(), "values nested in more than 64 lists");
        }
    }
}

#[test]
fn an_empty_list_counts_as_a_list() {
    let mut value = Nesting::Arrays.value(64);
    value.truncate(value.len() - 2);
    value.extend_from_slice(&text(5, ""));
    // The lengths around the innermost value are the same: a list without content replaces a number.
    assert!(verify(&ANY_VALUE, &value).is_err());
}

/// Row 11.
#[test]
fn values_nested_without_end_need_no_stack() {
    on_small_stack(|| {
        for nesting in Nesting::ALL {
            for lists in [1000, 200_000] {
                let value = nesting.value(lists);
                assert!(verify(&ANY_VALUE, &value).is_err());
                assert!(verify(&LOG_RECORD, &text(5, &value)).is_err());
            }
        }
    });
}
