use super::*;
use crate::schema::{ANY_VALUE, HISTOGRAM_DATA_POINT, Message, SPAN};
use crate::verify::{Needs, verify};
use crate::wire::put_len;
use crate::wire::sample::{attribute, fixed32, text};

#[test]
fn places_of_fields() {
    use Place::{Again, Canonical, Early};
    let cases: [(&Message, &[(u32, Place)]); 5] = [
        (&SPAN, &[(1, Canonical), (2, Canonical), (16, Canonical)]),
        (&SPAN, &[(1, Canonical), (16, Canonical), (5, Early), (9, Canonical), (16, Again)]),
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

/// Every order of a few fields, of which one repeats, comes out the same.
#[test]
fn fields_of_any_order_are_sorted() {
    let id = text(1, [7; 16]);
    let fields = [id, text(5, "n"), attribute(9, "a", b""), attribute(9, "b", b""), fixed32(16, 1)];
    let mut with_late = 0;
    for order in permutations(fields.len()) {
        let mut bytes = order.iter().flat_map(|&at| fields[at].clone()).collect::<Vec<u8>>();
        if let Needs::Sorting(messages) = verify(&SPAN, &bytes).expect("a span").needs {
            let mut runs = Vec::new();
            find_runs(&bytes, messages[0].clone(), &mut runs);
            with_late += usize::from(late_run(&runs).is_some());
            sort_messages(&mut bytes, &messages);
        }
        let attributes = order.iter().copied().filter(|at| [2, 3].contains(at));
        let sorted = [0, 1].into_iter().chain(attributes).chain([4]);
        let sorted: Vec<u8> = sorted.flat_map(|at| fields[at].clone()).collect();
        assert_eq!(bytes, sorted, "{order:?}");
    }
    assert!(with_late > 5, "{with_late} orders had a single late field");
}

fn permutations(len: usize) -> Vec<Vec<usize>> {
    if len == 0 {
        return vec![Vec::new()];
    }
    let insert = |shorter: Vec<usize>| {
        (0..len).map(move |at| [&shorter[..at], &[len - 1], &shorter[at..]].concat())
    };
    permutations(len - 1).into_iter().flat_map(insert).collect()
}
