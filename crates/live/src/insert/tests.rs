use duckspan_receiver::Page;

use super::*;
use crate::options::LiveOptions;
use crate::sample::read;
use crate::sql::fake::FakeDatabase;

fn live() -> Arc<Live> {
    let options = LiveOptions::new("otlp://127.0.0.1:0").expect("an address");
    let started = Live::start(&options, None, FakeDatabase::new(), Page::default());
    Arc::new(started.expect("a receiver"))
}

fn into(live: &Arc<Live>, table: LiveTable) -> LiveInsert {
    LiveInsert::new(Arc::clone(live), table).expect("a table for rows")
}

#[test]
fn rows_become_what_they_were() {
    let live = live();
    let mut insert = into(&live, LiveTable::Logs);
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}"#;
    let data = r#"{"timeUnixNano":"5000","body":{"stringValue":"late"}}"#;
    insert.push(Some(5), Some(resource), Some(data)).expect("a row");
    insert.push(None, None, Some("{}")).expect("a row");
    // They are not there before they are appended.
    assert_eq!(live.view().rows(LiveTable::Logs).expect("rows"), 0);
    assert_eq!(insert.finish().expect("room"), 2);
    assert_eq!(insert.finish().expect("nothing is left"), 2);
    let columns = ["timestamp", "resource", "data"];
    let rows = read(&live.view(), LiveTable::Logs, &columns);
    assert_eq!(rows, [format!("5 {resource} {data}"), "NULL NULL {}".to_owned()]);
}

/// A batch of them is there as soon as it is full, and stays though a later row be bad.
#[test]
fn rows_are_appended_in_batches() {
    let live = live();
    let mut insert = into(&live, LiveTable::Logs);
    let large = format!(r#"{{"severityText":"{}"}}"#, "x".repeat(BATCH_BYTES / 2));
    insert.push(None, None, Some(&large)).expect("a row");
    insert.push(None, None, Some(&large)).expect("a row");
    assert_eq!(live.view().rows(LiveTable::Logs).expect("rows"), 2);
    insert.push(None, None, Some("{}")).expect("a row");
    let fault = insert.push(None, None, None).expect_err("no row");
    let expected =
        "Row 4 is no row of \"logs\": data is NULL (the 2 rows before its batch were inserted).";
    assert_eq!(fault.message, expected);
}

#[test]
fn what_is_no_row_is_told() {
    let live = live();
    for (table, data, told) in [
        (LiveTable::Traces, "{", "Row 1 is no row of \"traces\""),
        (LiveTable::Traces, r#"{"name":"a","unheard":1}"#, "unheard"),
        (LiveTable::Traces, r#"{"severityText":"a"}"#, "It is one of logs: insert each signal"),
        (LiveTable::Logs, r#"{"name":"a","kind":1}"#, "signal := 'logs'"),
    ] {
        let fault = into(&live, table).push(None, None, Some(data)).expect_err("no row");
        assert!(fault.message.contains(told), "{fault}");
        assert!(fault.message.ends_with("(nothing was inserted)."), "{fault}");
    }
    assert_eq!(live.memory(), 0);
}
