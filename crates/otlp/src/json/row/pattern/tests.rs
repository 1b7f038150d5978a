use super::super::super::plan::{PLANS, root};
use super::*;
use crate::signal::Signal;

const ROW: &str = r#"{"name":"a","startTimeUnixNano":"17"}"#;

/// The plan of spans.
fn span() -> usize {
    let nested = |plan: usize, slot: usize| PLANS[plan].slots[slot].child;
    nested(nested(nested(root(Signal::Traces), 0), 1), 1)
}

/// What knows rows with a name and a time.
fn knowing(becomes: Becomes) -> Patterns {
    let mut patterns = Patterns::new();
    patterns.make(becomes);
    patterns.learn(span(), Cursor::new(ROW.as_bytes()), &PLANS);
    patterns
}

/// The time of a row that matches, and where it ends.
fn matched(patterns: &mut Patterns, row: &str) -> Option<(u64, usize)> {
    patterns.matching(Cursor::new(row.as_bytes())).map(|found| (found.time, found.end))
}

/// What becomes of a row that matches.
fn put(becomes: Becomes, row: &str) -> Vec<u8> {
    let mut patterns = knowing(becomes);
    let found = patterns.matching(Cursor::new(row.as_bytes())).expect("a match");
    let mut out = Vec::new();
    patterns.put(&found, row.as_bytes(), &mut out);
    out
}

#[test]
fn what_becomes_of_rows() {
    let row = r#"{"name":"b\/c","startTimeUnixNano":180}"#;
    assert_eq!(put(Becomes::Text, row), br#"{"name":"b/c","startTimeUnixNano":"180","#);
    assert_eq!(put(Becomes::Message(1 << 5), row), b"\x2a\x03b/c");
    let time = [[0x39, 180].as_slice(), &[0; 7]].concat();
    assert_eq!(put(Becomes::Message(1 << 7), row), time);
    assert_eq!(put(Becomes::Nothing, row), b"");
}

#[test]
fn rows_match_whatever_their_values() {
    for becomes in [Becomes::Nothing, Becomes::Text, Becomes::Message(u32::MAX)] {
        let mut patterns = knowing(becomes);
        assert_eq!(matched(&mut patterns, ROW), Some((17, ROW.len())));
        let other = r#"{"name":"another \" name","startTimeUnixNano":"18"}"#;
        assert_eq!(matched(&mut patterns, &format!("{other},{ROW}")), Some((18, other.len())));
    }
}

#[test]
fn rows_of_other_text_do_not_match() {
    for other in [
        "",
        "{}",
        r#"{"name":"a"}"#,
        r#"{"name":"","startTimeUnixNano":"17"}"#,
        r#"{"name":"a","startTimeUnixNano":"017"}"#,
        r#"{"name":"a","startTimeUnixNano":"17","kind":2}"#,
        r#"{"name":"a","startTimeUnixNano":"17"#,
    ] {
        assert_eq!(matched(&mut knowing(Becomes::Text), other), None, "{other}");
    }
}

#[test]
fn a_value_that_is_no_value_may_be_text_that_is_known() {
    let null = r#"{"name":"a","startTimeUnixNano":null}"#;
    for (first, second) in [(ROW, null), (null, ROW)] {
        let mut patterns = Patterns::new();
        for row in [first, second] {
            patterns.learn(span(), Cursor::new(row.as_bytes()), &PLANS);
        }
        assert_eq!(matched(&mut patterns, null), Some((0, null.len())));
        assert_eq!(matched(&mut patterns, ROW), Some((17, ROW.len())));
    }
}

#[test]
fn matching_rests_where_rows_seldom_match() {
    let mut patterns = knowing(Becomes::Text);
    for _ in 0..PATIENCE {
        assert!(!patterns.rest());
        assert_eq!(matched(&mut patterns, "{}"), None);
    }
    assert!((0..PAUSE).all(|_| patterns.rest()));
    assert!(!patterns.rest());
    assert!(matched(&mut patterns, ROW).is_some());
}

#[test]
fn blocks_are_compared_up_to_their_length() {
    let text: Vec<u8> = (0..100).collect();
    for len in 0..70 {
        for other in 0..100 {
            let mut changed = text.clone();
            changed[other] ^= 0x80;
            for end in len.max(other + 1)..100 {
                let expected = other >= len;
                assert_eq!(starts_with(&changed[..end], &text, len), expected, "{len} {other}");
                assert_eq!(starts_with(&text, &changed[..end], len), expected, "{len} {other}");
            }
        }
        assert!(len == 0 || !starts_with(&text[..len - 1], &text, len));
    }
}
