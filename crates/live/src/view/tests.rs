use duckspan_ring::{Limits, Rings};

use super::*;
use crate::sample::{position, read, rings, segment, spans, view};

/// No points, and one point.
const METRICS: [&str; 2] = [
    r#"{"name":"idle","gauge":{"dataPoints":[]}}"#,
    r#"{"name":"load","gauge":{"dataPoints":[{"timeUnixNano":"5000","asDouble":0.5}]}}"#,
];

#[test]
fn a_view_is_of_its_moment() {
    let rings = rings(100);
    rings.append(spans("shop", [1000, 2000]));
    let before = view(&rings);
    rings.append(spans("shop", [3000]));
    rings.clear_before(Signal::Traces, 1);
    assert_eq!(read(&before, LiveTable::Spans, &["rowid", "name"]), ["0 at 1000", "1 at 2000"]);
    assert_eq!(
        read(&view(&rings), LiveTable::Spans, &["rowid", "name"]),
        ["1 at 2000", "2 at 3000"]
    );
}

#[test]
fn other_rows_of_one_signal() {
    let rings = rings(100);
    rings.append(spans("shop", [1000]));
    let before = view(&rings);
    rings.append(spans("shop", [2000]));
    rings.append(segment(Signal::Logs, "shop", [r#"{"severityText":"late"}"#]));
    let after = before.with(Signal::Traces, rings.snapshot(Signal::Traces));
    let rows = |view: &View| LiveTable::ALL.map(|table| view.rows(table).expect("rows"));
    assert_eq!(rows(&before), [1, 0, 0, 3, 1, 0, 0]);
    assert_eq!(rows(&after), [2, 0, 0, 3, 2, 0, 0]);
}

/// It is a row of the ring, and none of the relation.
#[test]
fn a_metric_without_points_is_no_data_point() {
    let rings = rings(100);
    rings.append(segment(Signal::Metrics, "shop", METRICS));
    let view = view(&rings);
    let rows = |table| (view.rows(table).expect("rows"), view.rows_at_most(table));
    assert_eq!(rows(LiveTable::Metrics), (2, 2));
    assert_eq!(rows(LiveTable::DataPoints), (1, 2));
    assert_eq!(read(&view, LiveTable::DataPoints, &["name", "rowid"]), ["load 1"]);
}

/// The least and the greatest value, and whether there may be a NULL.
type Known = Option<(Option<(i64, i64)>, bool)>;

fn bounds(view: &View, table: LiveTable, column: &str) -> Known {
    let bounds = view.bounds(table, position(table, column));
    bounds.map(|bounds| (bounds.values, bounds.nulls))
}

#[test]
fn bounds_of_columns() {
    let rings = rings(100);
    rings.append(spans("shop", [7_000_999, 2_000_000]));
    rings.append(spans("bank", [3_000_000]));
    rings.clear_before(Signal::Traces, 1);
    rings.append(segment(Signal::Traces, "bank", [r#"{"name":"untimed"}"#]));
    let view = view(&rings);
    assert_eq!(bounds(&view, LiveTable::Traces, "rowid"), Some((Some((1, 3)), false)));
    // What was removed of a part still counts, for bounds may be wider; `timestamp` has microseconds.
    assert_eq!(bounds(&view, LiveTable::Traces, "timestamp"), Some((Some((2000, 7000)), true)));
    let start = bounds(&view, LiveTable::Spans, "start_time_unix_nano");
    assert_eq!(start, Some((Some((2_000_000, 7_000_999)), true)));
    // Nothing is known of the end, of texts, of a table without rows, and beyond the columns.
    assert_eq!(bounds(&view, LiveTable::Spans, "end_time_unix_nano"), None);
    assert_eq!(bounds(&view, LiveTable::Spans, "name"), None);
    assert_eq!(bounds(&view, LiveTable::Logs, "rowid"), None);
    assert_eq!(bounds(&view, LiveTable::Logs, "timestamp"), None);
    assert_eq!(bounds(&view, LiveTable::Stats, "rows"), None);
    assert!(view.bounds(LiveTable::Spans, LiveTable::Spans.width()).is_none());
}

/// All that is kept for views is more than there is room for, so the oldest loses its rows, and says so.
#[test]
fn rows_that_made_room_are_an_error() {
    let limits = Limits { max_rows: 100, memory_limit: 64 << 20, pinned_limit: 0 };
    let rings = Rings::new(limits);
    rings.append(segment(Signal::Metrics, "shop", METRICS));
    let view = view(&rings);
    rings.clear(Signal::Metrics);
    let fault = view.rows(LiveTable::DataPoints).expect_err("they are gone");
    assert!(fault.message.contains("made room for newer ones"), "{fault}");
    // What is known of them without looking stays as it was.
    assert_eq!(view.rows(LiveTable::Metrics).expect("rows"), 2);
    assert_eq!(bounds(&view, LiveTable::DataPoints, "time_unix_nano"), None);
}
