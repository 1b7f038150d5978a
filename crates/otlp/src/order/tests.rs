use super::*;
use crate::schema::{ANY_VALUE, HISTOGRAM_DATA_POINT, Message, SPAN};
use crate::wire::put_len;

#[test]
fn places_of_fields() {
    use Place::{Again, Canonical, Early};
    let cases: [(&Message, &[(u32, Place)]); 5] = [
        (&SPAN, &[(1, Canonical), (2, Canonical), (16, Canonical)]),
        (&SPAN, &[(1, Canonical), (16, Canonical), (5, Early), (9, Early), (16, Again)]),
        (
            &SPAN,
            &[(9, Canonical), (9, Canonical), (11, Canonical), (9, Early), (5, Early), (5, Again)],
        ),
        (&HISTOGRAM_DATA_POINT, &[(6, Canonical), (6, Again), (2, Early)]),
        (&ANY_VALUE, &[(3, Canonical), (1, Again), (3, Again)]),
    ];
    for (message, fields) in cases {
        let mut order = Order::default();
        for &(number, expected) in fields {
            let field = message.field(number).expect("a known field");
            assert_eq!(order.add(field), expected, "{} of {fields:?}", field.name);
        }
    }
}

/// A message with fields of these numbers, each with its place as content.
fn message(numbers: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    for (place, &number) in numbers.iter().enumerate() {
        put_len(&mut out, number, &vec![place as u8; place]);
    }
    out
}

#[test]
fn fields_are_sorted_and_equal_ones_keep_their_order() {
    let cases: [&[u32]; 9] = [
        &[],
        &[1],
        &[1, 2, 3],
        &[3, 2, 1],
        &[1, 2, 4, 16, 5, 6, 7, 8, 9, 9, 9, 11, 15],
        &[9, 9, 5, 9, 1],
        &[2, 1, 2, 1, 2, 1],
        &[7, 1, 2, 3, 4, 5, 6],
        &[20, 3, 19, 2, 18, 1, 40, 41, 1000, 17],
    ];
    for numbers in cases {
        let mut by_number: Vec<_> = numbers.iter().copied().enumerate().collect();
        by_number.sort_by_key(|&(place, number)| (number, place));
        let mut expected = b"before".to_vec();
        for (place, number) in by_number {
            put_len(&mut expected, number, &vec![place as u8; place]);
        }
        expected.extend_from_slice(b"after");
        let mut bytes = [b"before", &message(numbers)[..], b"after"].concat();
        let range = 6..bytes.len() - 5;
        sort_messages(&mut bytes, &[range]);
        assert_eq!(bytes, expected, "{numbers:?}");
    }
}

#[test]
fn nested_messages_are_sorted_before_what_is_around_them() {
    let mut bytes = Vec::new();
    put_len(&mut bytes, 2, &message(&[3, 1]));
    let inner = 2..bytes.len();
    put_len(&mut bytes, 1, b"x");
    let outer = 0..bytes.len();
    sort_messages(&mut bytes, &[inner, outer]);
    let mut expected = Vec::new();
    put_len(&mut expected, 1, b"x");
    put_len(&mut expected, 2, &[0x0a, 1, 1, 0x1a, 0]);
    assert_eq!(bytes, expected);
}

#[test]
fn what_is_malformed_stays() {
    let mut bytes = [&message(&[2, 1])[..], &[0x0a, 0x7f]].concat();
    let (before, whole) = (bytes.clone(), 0..bytes.len());
    sort_messages(&mut bytes, &[whole]);
    assert_eq!(bytes, before);
}
