use std::ops::Range;

use duckspan_otlp::Signal;
use duckspan_ring::{Limits, Rings};
use duckspan_tables::conditions::Conditions;
use duckspan_tables::expression::{Binding, Comparison, Expression};
use duckspan_tables::scan::Rows;

use super::*;
use crate::sample::{position, read, rings, scan, segment, shown, spans, view, windows};

const SPAN: &str = r#"{"name":"pay","kind":2,"startTimeUnixNano":"1000","endTimeUnixNano":"4000","attributes":[{"key":"http.route","value":{"stringValue":"/pay"}}]}"#;
const RECORD: &str = r#"{"severityNumber":13,"severityText":"warn","body":{"stringValue":"late"},"observedTimeUnixNano":"2000"}"#;
const POINT: &str =
    r#"{"name":"load","gauge":{"dataPoints":[{"timeUnixNano":"5000","asDouble":0.5}]}}"#;

/// The least number of rows of a part that takes no more: rings of few rows have such parts.
const PART: u64 = 256;

fn query(order: ScanOrder, view: &View, columns: &[&str]) -> LiveScan {
    scan(view, LiveTable::Spans, columns, order, &Conditions::default()).expect("a scan")
}

#[test]
fn each_table_shows_the_rows_of_its_signal() {
    let rings = rings(100);
    for (signal, data) in [(Signal::Traces, SPAN), (Signal::Logs, RECORD), (Signal::Metrics, POINT)]
    {
        rings.append(segment(signal, "shop", [data]));
    }
    let view = view(&rings);
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}"#;
    for (table, time, data) in
        [(LiveTable::Traces, 1, SPAN), (LiveTable::Logs, 2, RECORD), (LiveTable::Metrics, 5, POINT)]
    {
        let columns = ["timestamp", "signal", "rowid", "resource", "data"];
        let expected = format!("{time} {} 0 {resource} {data}", table.name());
        assert_eq!(read(&view, table, &columns), [expected]);
    }
    let spans = ["name", "kind", "service_name", "duration_ns", "trace_state", "rowid"];
    assert_eq!(read(&view, LiveTable::Spans, &spans), ["pay SERVER shop 3000 NULL 0"]);
    let records = ["time_unix_nano", "observed_time_unix_nano", "severity", "body_text"];
    assert_eq!(read(&view, LiveTable::LogRecords, &records), ["NULL 2000 WARN late"]);
    assert_eq!(read(&view, LiveTable::DataPoints, &["name", "value"]), ["load 0.5"]);
}

#[test]
fn members_are_read_without_their_column() {
    let rings = rings(100);
    rings.append(segment(Signal::Traces, "shop", [SPAN, r#"{"name":"b"}"#]));
    let view = view(&rings);
    let attributes = ["attributes->>http.route", "resource_attributes->>service.name"];
    assert_eq!(read(&view, LiveTable::Spans, &attributes), ["/pay shop", "NULL shop"]);
    let members = ["data->>name", "data->>$.startTimeUnixNano", "rowid"];
    assert_eq!(read(&view, LiveTable::Traces, &members), ["pay 1000 0", "b NULL 1"]);
    for (table, column, key, is_read) in [
        (LiveTable::Spans, "attributes", "http.route", true),
        (LiveTable::Spans, "name", "x", false),
        (LiveTable::Traces, "data", "name", true),
        (LiveTable::Traces, "data", "attributes", false),
        (LiveTable::Traces, "resource", "name", false),
        (LiveTable::Stats, "rejected_by", "x", false),
    ] {
        assert_eq!(table.has_member(position(table, column), key), is_read, "{column} {key}");
    }
}

/// Text is dear, so whoever wants few rows gets them soon; numbers are not.
#[test]
fn windows_of_text_grow() {
    let rings = rings(1_000_000);
    rings.append(spans("shop", 1..=1000));
    let view = view(&rings);
    let sizes = |columns: &[&str]| {
        let windows = windows(&query(ScanOrder::Arrival, &view, columns), columns.len());
        windows.expect("rows").iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&["name"]), [128, 256, 512, 104]);
    assert_eq!(sizes(&["rowid"]), [1000]);
    assert_eq!(sizes(&["rowid", "name"]), [128, 256, 512, 104]);
}

/// As where a filter was tested on a column of all of them.
#[test]
fn some_rows_of_a_window() {
    let rings = rings(100);
    rings.append(spans("shop", [1, 2, 3, 4]));
    let view = view(&rings);
    for (table, columns) in
        [(LiveTable::Spans, ["rowid", "name"]), (LiveTable::Traces, ["rowid", "data->>name"])]
    {
        let scan = scan(&view, table, &columns, ScanOrder::Arrival, &Conditions::default());
        let mut cursor = scan.expect("a scan").cursor();
        assert!(cursor.claim().expect("a batch"));
        cursor.prepare().expect("it");
        assert_eq!(cursor.next(2048).expect("rows"), 4);
        let mut rows = |rows| shown(&mut *cursor, 2, rows).expect("rows");
        let all = ["0 at 1", "1 at 2", "2 at 3", "3 at 4"];
        assert_eq!(rows(Rows::First(4)), all);
        assert_eq!(rows(Rows::Selected(&[3, 1])), ["3 at 4", "1 at 2"]);
        assert_eq!(rows(Rows::Selected(&[2])), ["2 at 3"]);
        assert_eq!(rows(Rows::Selected(&[2, 0])), ["2 at 3", "0 at 1"]);
        assert_eq!(rows(Rows::First(2)), all[..2]);
    }
}

/// Three parts, of which the second has the latest times.
fn three_parts() -> View {
    let rings = rings(4 * PART);
    for start in [1000, 9000, 5000] {
        rings.append(spans("shop", start..start + PART));
    }
    let view = view(&rings);
    assert_eq!(view.snapshot(Signal::Traces).parts().expect("parts").len(), 3);
    view
}

/// The row ids of each batch, and the times that it may have.
fn batches(scan: &LiveScan) -> Vec<(Range<i64>, (i64, i64))> {
    let (mut cursor, mut found) = (scan.cursor(), Vec::new());
    while cursor.claim().expect("a batch") {
        assert_eq!(cursor.batch(), found.len() as u64);
        let [ids, times] = [0, 1].map(|column| cursor.bounds(column).expect("bounds"));
        let ((first, last), times) = (ids.values.expect("ids"), times.values.expect("times"));
        found.push((first..last + 1, times));
    }
    found
}

#[test]
fn the_order_of_parts() {
    let (view, size) = (three_parts(), PART as i64);
    let part = |at: i64, start: i64| (at * size..(at + 1) * size, (start, start + size - 1));
    let (first, second, third) = (part(0, 1000), part(1, 9000), part(2, 5000));
    let columns = ["rowid", "start_time_unix_nano"];
    for (order, expected) in [
        (ScanOrder::Arrival, [&first, &second, &third]),
        (ScanOrder::Latest, [&second, &third, &first]),
        (ScanOrder::Earliest, [&first, &third, &second]),
    ] {
        let found = batches(&query(order, &view, &columns));
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{order:?}");
    }
}

/// Whoever wants the newest rows, and not many, has them once the first part is read.
#[test]
fn the_newest_rows_come_first() {
    let columns = ["start_time_unix_nano", "name"];
    let scan = query(ScanOrder::Latest, &three_parts(), &columns);
    let mut cursor = scan.cursor();
    assert!(cursor.claim().expect("a batch"));
    cursor.prepare().expect("it");
    let mut newest = Vec::new();
    loop {
        match cursor.next(2048).expect("rows") {
            0 => break,
            count => newest.extend(shown(&mut *cursor, 2, Rows::First(count)).expect("rows")),
        }
    }
    newest.sort_unstable();
    assert_eq!(newest[newest.len() - 2..], ["9254 at 9254", "9255 at 9255"]);
    assert_eq!(cursor.counts().rows, PART);
    assert_eq!(scan.progress().round(), 33.0);
}

/// Whatever thread claims it, each row is read once.
#[test]
fn threads_share_a_scan() {
    let scan = query(ScanOrder::Arrival, &three_parts(), &["rowid"]);
    assert_eq!(scan.units(), 3);
    let mut cursors = [scan.cursor(), scan.cursor()];
    let mut rows = Vec::new();
    for turn in [0, 1, 1, 0] {
        let cursor = &mut cursors[turn];
        if !cursor.claim().expect("a batch") {
            continue;
        }
        cursor.prepare().expect("it");
        let count = cursor.next(2048).expect("rows");
        rows.extend(shown(&mut **cursor, 1, Rows::First(count)).expect("rows"));
    }
    let expected: Vec<_> = (0..3 * PART).map(|row| row.to_string()).collect();
    assert_eq!(rows, expected);
    assert!(!cursors[1].claim().expect("no batch"));
    assert_eq!(scan.progress(), 100.0);
}

fn is(column: usize, key: Option<&str>, text: &str) -> Conditions {
    let sides = [Expression::Column(Binding::default()), Expression::Text(text.to_owned())];
    let mut conditions = Conditions::default();
    conditions.require(column, key, &Expression::Compare(Comparison::Equal, Box::new(sides)));
    conditions
}

#[test]
fn rows_that_fail_a_condition_are_not_read() {
    let rings = rings(4 * PART);
    rings.append(spans("shop", 0..PART));
    rings.append(spans("bank", PART..PART + 3));
    rings.append(segment(Signal::Traces, "bank", [SPAN]));
    let view = view(&rings);
    let table = LiveTable::Spans;
    let read = |columns: &[&str], conditions: &Conditions| {
        let scan = scan(&view, table, columns, ScanOrder::Arrival, conditions).expect("a scan");
        windows(&scan, columns.len()).expect("rows").concat()
    };
    let bank = is(position(table, "service_name"), None, "bank");
    let columns = ["rowid", "service_name", "name"];
    let expected = ["256 bank at 256", "257 bank at 257", "258 bank at 258", "259 bank pay"];
    assert_eq!(read(&columns, &bank), expected);
    let pay = is(position(table, "attributes"), Some("http.route"), "/pay");
    assert_eq!(read(&["rowid", "attributes->>http.route"], &pay), ["259 /pay"]);
    assert!(read(&columns, &is(position(table, "service_name"), None, "pub")).is_empty());
}

/// Of a part that has no such service nothing is looked at. Parts of so many rows know what services they have.
#[test]
fn parts_without_such_rows_are_passed_over() {
    const PART: u64 = 1024;
    let rings = rings(32 * PART);
    rings.append(spans("shop", 0..PART));
    rings.append(spans("bank", PART..2 * PART));
    let view = view(&rings);
    let table = LiveTable::Spans;
    let bank = is(position(table, "service_name"), None, "bank");
    let columns = ["rowid", "service_name"];
    let mut looked_at = Vec::new();
    // Who reads a part first finds out what is in it.
    for _ in 0..2 {
        let scan = scan(&view, table, &columns, ScanOrder::Arrival, &bank).expect("a scan");
        let (mut cursor, mut rows) = (scan.cursor(), 0);
        while cursor.claim().expect("a batch") {
            cursor.prepare().expect("it");
            while let count @ 1.. = cursor.next(2048).expect("rows") {
                rows += count as u64;
            }
        }
        assert_eq!(rows, PART);
        looked_at.push((cursor.counts().units, cursor.counts().rows));
    }
    assert_eq!(looked_at, [(1, PART); 2]);
}

/// A scan keeps the part that it is at, and no other.
#[test]
fn a_scan_that_is_late_says_so() {
    let limits = Limits { max_rows: 4 * PART, memory_limit: 64 << 20, pinned_limit: 0 };
    let rings = Rings::new(limits);
    rings.append(spans("shop", 0..PART));
    rings.append(spans("shop", PART..2 * PART));
    let view = view(&rings);
    let scan = query(ScanOrder::Arrival, &view, &["name"]);
    let mut cursor = scan.cursor();
    assert!(cursor.claim().expect("a batch"));
    cursor.prepare().expect("it");
    rings.clear(Signal::Traces);
    assert_eq!(cursor.next(1).expect("a row"), 1);
    assert_eq!(shown(&mut *cursor, 1, Rows::First(1)).expect("a row"), ["at 0"]);
    let fault = cursor.claim().expect_err("they are gone");
    assert!(fault.message.contains("larger memory_limit"), "{fault}");
    let conditions = Conditions::default();
    let opened =
        LiveScan::open(&view, LiveTable::Spans, ScanOrder::Arrival, [(0, None)], &conditions);
    assert!(opened.is_err());
}

#[test]
fn a_table_without_rows() {
    let view = view(&rings(10));
    for table in LiveTable::ALL.into_iter().filter(|table| table.signal().is_some()) {
        let scan = scan(&view, table, &["rowid"], ScanOrder::Latest, &Conditions::default());
        let scan = scan.expect("a scan");
        assert_eq!((scan.units(), scan.progress()), (0, 0.0), "{}", table.name());
        assert!(windows(&scan, 1).expect("no rows").is_empty());
    }
}

/// DuckDB asks for what nobody reads where it counts rows.
#[test]
fn a_column_that_is_none() {
    let rings = rings(100);
    rings.append(spans("shop", [1, 2]));
    let (view, conditions) = (view(&rings), Conditions::default());
    for table in [LiveTable::Spans, LiveTable::Traces, LiveTable::Stats] {
        let beyond = [(table.width() + 7, None)];
        let scan = LiveScan::open(&view, table, ScanOrder::Arrival, beyond, &conditions);
        let mut cursor = scan.expect("a scan").cursor();
        assert!(cursor.claim().expect("a batch"));
        cursor.prepare().expect("it");
        let rows = view.rows(table).expect("rows");
        assert_eq!(cursor.next(2048).expect("rows") as u64, rows, "{}", table.name());
    }
}
