//! Tests of values as vectors take them.

use crate::relation::{Data, Entry, Nulls, SPANS, Texts, Type, Values};
use crate::segment::SegmentBuilder;
use crate::signal::Signal;

#[test]
fn null_words_have_a_bit_for_each_value_that_is_not_null() {
    let mut nulls = Nulls::default();
    assert!(nulls.words().is_empty());
    nulls.set(0);
    nulls.set(65);
    assert_eq!(nulls.words(), [!1, !2]);
    nulls.set(300);
    assert_eq!(nulls.words().len(), 5);
    for index in 0..1000 {
        assert_eq!(nulls.contains(index), [0, 65, 300].contains(&index), "{index}");
    }
}

#[test]
fn texts_keep_their_bytes_when_the_buffer_is_taken() {
    let segment = SegmentBuilder::new(Signal::Logs).finish();
    let mut texts = Texts::default();
    let entry = texts.write(|out| out.extend_from_slice(b"first")).expect("room");
    texts.write(|out| out.extend_from_slice(b"second")).expect("room");
    texts.push_entry(entry);
    assert_eq!(texts.get(1, &segment), b"second");
    let first = texts.get(2, &segment);
    assert_eq!(first, b"first");
    let address = first.as_ptr();
    let buffer = texts.take_buffer();
    assert_eq!(buffer.as_ptr(), address);
    assert!(texts.is_empty());
    texts.give_buffer(buffer);
    texts.write(|out| out.extend_from_slice(b"third")).expect("room");
    assert_eq!(texts.get(0, &segment).as_ptr(), address);
    assert_eq!((texts.len(), texts.get(0, &segment)), (1, b"third".as_slice()));
}

#[test]
fn nulls_reach_the_members_of_structs() {
    for column in SPANS.columns {
        let mut values = Values::new(&column.kind);
        values.push_nulls(3);
        assert_eq!(values.len(), 3);
        assert!((0..3).all(|index| values.nulls.contains(index)));
        values.clear();
        assert!(values.is_empty() && !values.nulls.contains(0));
    }
    let members = SPANS.column("events").expect("a column").members();
    let mut values = Values::new(&Type::Struct(members));
    values.push_nulls(2);
    let Data::Struct(columns) = &values.data else { panic!("a struct") };
    assert!(columns.iter().all(|column| column.len() == 2 && column.nulls.contains(1)));
}

#[test]
fn lists_of_null_have_no_elements() {
    let mut values = Values::new(&Type::List(&Type::Double));
    values.push_nulls(2);
    let Data::List(entries, elements) = &values.data else { panic!("a list") };
    assert_eq!(entries.as_slice(), [Entry { start: 0, len: 0 }; 2]);
    assert!(elements.is_empty());
}
