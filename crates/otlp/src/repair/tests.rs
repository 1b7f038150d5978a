use super::*;

#[test]
fn repairs_are_counted_by_kind() {
    let mut repairs = Repairs::default();
    assert!(repairs.is_empty());
    repairs.count(Repair::InvalidId);
    let mut more = Repairs::default();
    more.count(Repair::InvalidId);
    more.count(Repair::InvalidUtf8);
    repairs.add(&more);
    assert!(!repairs.is_empty());
    for repair in Repair::ALL {
        let expected = match repair {
            Repair::InvalidId => 2,
            Repair::InvalidUtf8 => 1,
            _ => 0,
        };
        assert_eq!(repairs.of(repair), expected, "{}", repair.description());
    }
}

#[test]
fn every_repair_is_there_once() {
    for (place, repair) in Repair::ALL.into_iter().enumerate() {
        assert_eq!(repair as usize, place);
    }
}

fn example(repair: Repair, field: &'static str, record: u64) -> Repaired {
    let member = format!("{field} of {record}");
    Repaired { repair, field, member, value: "1".to_owned(), record, offset: 0 }
}

#[test]
fn the_first_repair_of_a_field_is_the_example() {
    let [mut repairs, mut more] = [Repairs::default(), Repairs::default()];
    repairs.examples = vec![example(Repair::Base64Id, "Span.spanId", 3)];
    more.examples = vec![
        example(Repair::Base64Id, "Span.spanId", 5),
        example(Repair::WrongType, "Span.spanId", 6),
        example(Repair::WrongType, "Span.name", 4),
    ];
    repairs.add(&more);
    let records: Vec<_> = repairs.examples().iter().map(|example| example.record).collect();
    assert_eq!(records, [3, 6, 4]);
    let first = |told: fn(Repair) -> bool| repairs.first(told).map(|example| example.record);
    assert_eq!(first(|_| true), Some(3));
    assert_eq!(first(Repair::drops_value), Some(4));
    assert_eq!(first(|repair| repair == Repair::InvalidId), None);
}

/// Whatever a file holds, no more is kept of its repairs.
#[test]
fn examples_are_few() {
    let mut repairs = Repairs::default();
    for at in 0..1000 {
        let field: &'static str = Box::leak(format!("field {at}").into_boxed_str());
        let examples = vec![example(Repair::WrongType, field, at)];
        repairs.add(&Repairs { examples, ..Repairs::default() });
    }
    assert_eq!(repairs.examples().len(), EXAMPLES);
}

#[test]
fn values_are_shortened() {
    assert_eq!(shortened(b"\"FAILED\""), "\"FAILED\"");
    assert_eq!(shortened(&[b'x'; 60]), "x".repeat(60));
    assert_eq!(shortened(&[b'x'; 61]), "x".repeat(60) + "…");
    assert_eq!(shortened("𝄞".repeat(61).as_bytes()), "𝄞".repeat(60) + "…");
    assert_eq!(shortened(b"a\xff"), "a\u{fffd}");
}
