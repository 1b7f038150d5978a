use super::super::super::plan::PLANS;
use super::*;
use crate::json::row::Rows;

const ROW: &str = r#"{"name":"a","startTimeUnixNano":"17"}"#;

/// What knows rows with a name and a time.
fn knowing() -> Patterns {
    let mut patterns = Patterns::new();
    let mut row = canonical(ROW);
    let gap = |text: &str, content, time| {
        let start = ROW.find(text).expect("a part of the row");
        let filling = Filling { content, default: true, member: true, time };
        Gap { start, end: start + text.len(), filling }
    };
    let name = gap("a\",", Content::Text, None);
    let name = Gap { end: name.end - 1, ..name };
    let time = gap("\"17\"", Content::Scalar(Kind::Fixed64), Some(0));
    row.gaps = vec![name, time];
    let start = |text| ROW.find(text).expect("a member of the row");
    row.members = vec![
        Member { start: start("\"name\""), number: 5 },
        Member { start: start("\"startTime"), number: 7 },
    ];
    patterns.learn(0..ROW.len(), &row);
    patterns
}

fn canonical(row: &str) -> Canonical<'_, true> {
    Canonical::new(Cursor::new(row.as_bytes()), &PLANS, Rows::Text)
}

/// The time of a row that matches, and where it ends.
fn matched(patterns: &mut Patterns, row: &str) -> Option<(u64, usize)> {
    let mut row = canonical(row);
    patterns.matching::<false>(&mut row, &mut Vec::new()).map(|time| (time, row.cursor.at))
}

/// Numbers and texts of the members of a row that matches.
fn members(row: &str) -> Vec<(u32, &str)> {
    let mut runs = vec![Run { number: 9, start: 0, end: 0 }];
    knowing().matching::<true>(&mut canonical(row), &mut runs).expect("a match");
    runs[1..].iter().map(|run| (run.number, &row[run.start..run.end])).collect()
}

#[test]
fn members_are_found_and_defaults_left_out() {
    let (name, time) = (r#""name":"b c""#, r#""startTimeUnixNano":"180""#);
    assert_eq!(members(&format!("{{{name},{time}}}")), [(5, name), (7, time)]);
    assert_eq!(members(&format!(r#"{{"name":"",{time}}}"#)), [(7, time)]);
    assert_eq!(members(&format!(r#"{{{name},"startTimeUnixNano":"0"}}"#)), [(5, name)]);
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
