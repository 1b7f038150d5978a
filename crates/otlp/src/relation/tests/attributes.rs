//! Tests of attributes as JSON.

use crate::limits::MAX_VALUE_DEPTH;
use crate::relation::attributes::{find, object};
use crate::relation::elements::Elements;
use crate::relation::value_json;
use crate::relation::values::Texts;
use crate::schema::{Field, KEY_VALUE_LIST};
use crate::segment::SegmentBuilder;
use crate::signal::Signal;
use crate::trusted::Trusted;
use crate::wire::{put_len, put_tag, put_varint};

/// An `AnyValue` of a field with a length.
fn any(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_len(&mut bytes, number, content);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    any(1, text.as_bytes())
}

fn int(value: i64) -> Vec<u8> {
    let mut bytes = vec![0x18];
    put_varint(&mut bytes, value as u64);
    bytes
}

fn double(value: f64) -> Vec<u8> {
    let mut bytes = vec![0x21];
    bytes.extend_from_slice(&value.to_le_bytes());
    bytes
}

fn array(values: &[Vec<u8>]) -> Vec<u8> {
    let mut list = Vec::new();
    values.iter().for_each(|value| put_len(&mut list, 1, value));
    any(5, &list)
}

fn attributes(attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for (key, value) in attributes {
        let mut bytes = Vec::new();
        put_len(&mut bytes, 1, key.as_bytes());
        put_len(&mut bytes, 2, value);
        put_len(&mut list, 1, &bytes);
    }
    list
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    any(6, &attributes(members))
}

fn json(value: &[u8]) -> String {
    let mut out = Vec::new();
    value_json::json(Trusted::vouched(value, 0..value.len()), 0, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn object_of(list: &[u8]) -> String {
    let mut out = Vec::new();
    object(Elements::of_list(Trusted::vouched(list, 0..list.len())), 0, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// A value as text, by way of texts that lie in a segment or in their own buffer; `None` where it is none.
fn plain(value: &[u8]) -> Option<String> {
    let mut texts = Texts::default();
    value_json::push_text(Trusted::vouched(value, 0..value.len()), &mut texts)?;
    let segment = SegmentBuilder::new(Signal::Logs).finish();
    let own = value.first() != Some(&0x0a);
    let text = if own { texts.get(0, &segment) } else { &value[2..] };
    Some(String::from_utf8(text.to_vec()).expect("text is UTF-8"))
}

#[test]
fn values_are_json_of_their_own_types_and_text() {
    for (value, expected_json, expected_text) in [
        (text("a \"b\"\n"), r#""a \"b\"\n""#, "a \"b\"\n"),
        (text(""), r#""""#, ""),
        (vec![0x10, 1], "true", "true"),
        (vec![0x10, 0], "false", "false"),
        (int(0), "0", "0"),
        (int(i64::MIN), "-9223372036854775808", "-9223372036854775808"),
        (int(i64::MAX), "9223372036854775807", "9223372036854775807"),
        (double(0.0), "0.0", "0.0"),
        (double(1.5), "1.5", "1.5"),
        (double(f64::NAN), "\"NaN\"", "NaN"),
        (double(f64::INFINITY), "\"Infinity\"", "Infinity"),
        (double(f64::NEG_INFINITY), "\"-Infinity\"", "-Infinity"),
        (any(7, b"\x00\xff\x10"), "\"AP8Q\"", "AP8Q"),
        (any(7, b""), "\"\"", ""),
        (array(&[]), "[]", "[]"),
        (
            array(&[text("a"), vec![], double(f64::NAN), array(&[int(1)])]),
            r#"["a",null,"NaN",[1]]"#,
            r#"["a",null,"NaN",[1]]"#,
        ),
        (map(&[]), "{}", "{}"),
        (
            map(&[("k\"", map(&[("", any(7, b"\xff"))])), ("n", vec![])]),
            r#"{"k\"":{"":"/w=="},"n":null}"#,
            r#"{"k\"":{"":"/w=="},"n":null}"#,
        ),
    ] {
        assert_eq!(json(&value), expected_json);
        assert_eq!(plain(&value).as_deref(), Some(expected_text));
    }
    assert_eq!((json(&[]).as_str(), plain(&[])), ("null", None));
}

#[test]
fn the_first_of_equal_keys_counts() {
    for (list, expected) in [
        (vec![("a", int(1)), ("a", int(2))], r#"{"a":1}"#),
        (vec![("a", int(1)), ("b", int(2)), ("a", int(3)), ("b", int(4))], r#"{"a":1,"b":2}"#),
        (vec![("", int(1)), ("", int(2))], r#"{"":1}"#),
        (vec![("a", vec![]), ("a", int(2))], r#"{"a":null}"#),
        (vec![("a.b", int(1)), ("a", map(&[("b", int(2))]))], r#"{"a.b":1,"a":{"b":2}}"#),
        (vec![("m", map(&[("a", int(1)), ("a", int(2))]))], r#"{"m":{"a":1}}"#),
    ] {
        assert_eq!(object_of(&attributes(&list)), expected);
    }
}

#[test]
fn equal_keys_are_found_among_few_and_many() {
    for count in [1, 2, 10, 31, 32, 33, 34, 64, 300] {
        let keys: Vec<String> = (0..count).map(|at| format!("key.{at}.of.many")).collect();
        let once: Vec<(&str, Vec<u8>)> =
            keys.iter().enumerate().map(|(at, key)| (key.as_str(), int(at as i64))).collect();
        let again = keys.iter().map(|key| (key.as_str(), text("again")));
        let twice: Vec<(&str, Vec<u8>)> = once.iter().cloned().chain(again).collect();
        assert_eq!(object_of(&attributes(&twice)), object_of(&attributes(&once)), "{count} keys");
        let each_twice: Vec<(&str, Vec<u8>)> = once
            .iter()
            .flat_map(|(key, value)| [(*key, value.clone()), (*key, text("again"))])
            .collect();
        assert_eq!(object_of(&attributes(&each_twice)), object_of(&attributes(&once)));
        let found = |key: &str| {
            let all = attributes(&twice);
            find(Elements::of_list(Trusted::vouched(&all, 0..all.len())), key.as_bytes())
                .map(|value| value.content().to_vec())
        };
        assert_eq!(found(&keys[count - 1]), Some(int(count as i64 - 1)));
        assert_eq!(found("no such key"), None);
    }
}

/// A comparison of each key with each would take minutes.
#[test]
fn a_hundred_thousand_keys_are_told_apart() {
    let keys: Vec<String> = (0..100_000).map(|at| format!("{at}")).collect();
    let list: Vec<(&str, Vec<u8>)> = keys.iter().map(|key| (key.as_str(), int(1))).collect();
    let list = attributes(&list);
    let json = object_of(&list);
    assert_eq!(json.matches(':').count(), keys.len());
}

#[test]
fn values_nested_too_deep_end_in_null() {
    let field: &Field = &KEY_VALUE_LIST.fields[0];
    assert_eq!(field.number, 1);
    let mut value = int(1);
    for _ in 0..MAX_VALUE_DEPTH {
        value = array(&[value]);
    }
    assert_eq!(json(&value), format!("{}1{}", "[".repeat(64), "]".repeat(64)));
    assert_eq!(json(&array(&[value])), format!("{}null{}", "[".repeat(64), "]".repeat(64)));
}

#[test]
fn tags_of_keys_may_be_padded() {
    // Not canonical, but what a reader may be handed: it must end.
    let mut bytes = Vec::new();
    put_tag(&mut bytes, 1, 2);
    put_varint(&mut bytes, 1 << 40);
    assert_eq!(object_of(&bytes), "{}");
}
