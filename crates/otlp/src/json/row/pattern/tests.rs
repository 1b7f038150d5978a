use super::super::super::plan::PLANS;
use super::*;

const ROW: &str = r#"{"name":"a","startTimeUnixNano":"17"}"#;

/// What knows rows with a name and a time.
fn knowing() -> Patterns {
    let mut patterns = Patterns::new();
    let gap = |text: &str, content, time| {
        let start = ROW.find(text).expect("a part of the row");
        let filling = Filling { content, default: true, time };
        Gap { start, end: start + text.len(), filling }
    };
    let name = gap("a\",", Content::Text, None);
    let name = Gap { end: name.end - 1, ..name };
    let time = gap("\"17\"", Content::Scalar(Kind::Fixed64), Some(0));
    patterns.learn(ROW.as_bytes(), 0..ROW.len(), &[name, time]);
    patterns
}

/// The time of a row that matches, and where it ends.
fn matched(patterns: &mut Patterns, row: &str) -> Option<(u64, usize)> {
    let mut row = Canonical::new(Cursor::new(row.as_bytes()), &PLANS);
    patterns.matching(&mut row).map(|time| (time, row.cursor.at))
}

#[test]
fn rows_match_whatever_their_values() {
    let mut patterns = knowing();
    assert_eq!(matched(&mut patterns, ROW), Some((17, ROW.len())));
    let other = r#"{"name":"another \" name","startTimeUnixNano":"18"}"#;
    assert_eq!(matched(&mut patterns, &format!("{other},{ROW}")), Some((18, other.len())));
}

#[test]
fn rows_of_other_text_do_not_match() {
    for other in [
        "",
        "{}",
        r#"{"name":"a"}"#,
        r#"{"name":"a","startTimeUnixNano":17}"#,
        r#"{"name":"a","startTimeUnixNano":"17","kind":2}"#,
        r#"{"name":"a","startTimeUnixNano":"17"#,
    ] {
        assert_eq!(matched(&mut knowing(), other), None, "{other}");
    }
}

#[test]
fn matching_rests_where_rows_seldom_match() {
    let mut patterns = knowing();
    for _ in 0..PATIENCE {
        assert!(!patterns.rest());
        assert_eq!(matched(&mut patterns, "{}"), None);
    }
    assert!((0..PAUSE).all(|_| patterns.rest()));
    assert!(!patterns.rest());
    assert!(matched(&mut patterns, ROW).is_some());
}
