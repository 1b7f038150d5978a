use duckspan_otlp::relation::{LOG_RECORDS, SPANS};

use super::*;
use crate::vector::sample::Sample;

const LOGS: &[u8] = br#"{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"2000","severityText":"a"},{"severityText":"b"}]}]}]}"#;

fn texts(found: Vec<Option<String>>) -> Vec<String> {
    found.into_iter().map(|text| text.unwrap_or_else(|| "NULL".to_owned())).collect()
}

#[test]
fn each_value_becomes_a_list_of_its_rows() {
    let values = [Some(LOGS), None, Some(b"{}".as_slice()), Some(LOGS)];
    let mut vector = Sample::new(4);
    write_rows(values.into_iter(), &mut vector).expect("OTLP");
    assert_eq!(texts(vector.rows(4)), ["0+2", "NULL", "2+0", "2+2"]);
    let member = |index| texts(vector.inner_of(0).inner_rows(index, 4));
    assert_eq!(member(0), ["logs"; 4]);
    assert_eq!(member(1), ["2", "NULL", "2", "NULL"]);
    assert_eq!(member(2), ["{}"; 4]);
    let data = [r#"{"timeUnixNano":"2000","severityText":"a"}"#, r#"{"severityText":"b"}"#];
    assert_eq!(member(3), data.repeat(2));
}

#[test]
fn what_is_no_otlp_is_shown_and_told() {
    for (value, reason) in [
        (
            &b"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":1"[..],
            "cut off",
        ),
        (b"a,b\n1,2\n", "no OTLP"),
        (
            br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x"}]}]}]}"#,
            "timeUnixNano",
        ),
    ] {
        let fault = write_rows([Some(value)].into_iter(), &mut Sample::new(1)).expect_err("bad");
        assert_eq!(fault.kind, FaultKind::InvalidInput);
        let message = fault.message;
        assert!(message.contains(reason) && message.contains("It begins"), "{message}");
    }
}

#[test]
fn rows_of_another_signal_are_null() {
    let rows = [
        Some((None, r#"{"name":"a","kind":2}"#)),
        None,
        Some((None, r#"{"severityText":"no span"}"#)),
        Some((Some("{}"), r#"{"name":"b","kind":3}"#)),
    ];
    let mut vector = Sample::new(4);
    write_typed(&SPANS, rows.into_iter(), &mut vector).expect("rows");
    let column = |name: &str| {
        let at = SPANS.columns.iter().position(|column| column.name == name).expect("a column");
        texts(vector.inner_rows(at, 4))
    };
    assert_eq!(column("name"), ["a", "NULL", "NULL", "b"]);
    assert_eq!(column("kind"), ["SERVER", "NULL", "NULL", "CLIENT"]);
}

#[test]
fn a_row_that_would_lose_something_is_told() {
    let bad = [Some((None, r#"{"severityText":"a","unheard":1}"#))];
    let fault = write_typed(&LOG_RECORDS, bad.into_iter(), &mut Sample::new(1)).expect_err("bad");
    assert!(fault.message.contains("unheard"), "{fault}");
    // Without rows there is nothing to write.
    write_typed(&SPANS, [].into_iter(), &mut Sample::new(0)).expect("no rows");
}
