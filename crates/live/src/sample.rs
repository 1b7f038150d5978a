//! Rings that are filled from JSON, and tables that are read as people see them.

use std::sync::Arc;

use duckspan_otlp::json::replay::{Replay, Row};
use duckspan_otlp::{Segment, Signal};
use duckspan_ring::{Limits, Rings};
use duckspan_tables::conditions::Conditions;
use duckspan_tables::fault::Result;
use duckspan_tables::scan::{Rows, Scan};
use duckspan_tables::vector::sample::Sample;

use crate::rows::ScanOrder;
use crate::scan::LiveScan;
use crate::table::LiveTable;
use crate::view::View;

/// Rings with room for so many rows of each signal.
pub(crate) fn rings(max_rows: u64) -> Arc<Rings> {
    Arc::new(Rings::new(Limits { max_rows, memory_limit: 64 << 20, pinned_limit: u64::MAX }))
}

/// Rows of a service, as `data` has them.
pub(crate) fn segment<T: AsRef<str>>(
    signal: Signal,
    service: &str,
    rows: impl IntoIterator<Item = T>,
) -> Segment {
    let resource = format!(
        r#"{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{service}"}}}}]}}"#
    );
    let mut replay = Replay::new(signal);
    for data in rows {
        let row = Row { timestamp: None, resource: Some(&resource), data: data.as_ref() };
        replay.push(row).expect("a row");
    }
    replay.take().expect("rows").expect("a row at least")
}

/// Spans of a service that begin at these times, in nanoseconds, and are named by them.
pub(crate) fn spans(service: &str, times: impl IntoIterator<Item = u64>) -> Segment {
    let span = |time| format!(r#"{{"name":"at {time}","startTimeUnixNano":"{time}"}}"#);
    segment(Signal::Traces, service, times.into_iter().map(span))
}

/// What the rings hold now.
pub(crate) fn view(rings: &Rings) -> View {
    View::of(rings.snapshot_all())
}

/// The position in a table of the column of that name.
pub(crate) fn position(table: LiveTable, name: &str) -> usize {
    let found = (0..table.width()).find(|&at| table.column(at).column.name == name);
    found.unwrap_or_else(|| panic!("{} has no {name}", table.name()))
}

/// A scan of the columns of these names, or of their members, as in `attributes->>key`.
pub(crate) fn scan(
    view: &View,
    table: LiveTable,
    columns: &[&str],
    order: ScanOrder,
    conditions: &Conditions,
) -> Result<LiveScan> {
    let column = |text: &&str| match text.split_once("->>") {
        Some((name, key)) => (position(table, name), Some(key.to_owned())),
        None => (position(table, text), None),
    };
    LiveScan::open(view, table, order, columns.iter().map(column), conditions)
}

/// The rows of a window, with a space between values.
pub(crate) fn shown(cursor: &mut dyn Scan, columns: usize, rows: Rows<'_>) -> Result<Vec<String>> {
    let mut found = vec![Vec::new(); rows.len()];
    for column in 0..columns {
        let mut vector = Sample::new(rows.len());
        cursor.fill(column, rows, &mut vector)?;
        for (row, value) in found.iter_mut().zip(vector.rows(rows.len())) {
            row.push(value.unwrap_or_else(|| "NULL".to_owned()));
        }
    }
    Ok(found.into_iter().map(|row| row.join(" ")).collect())
}

/// The windows of all batches, as one thread reads them.
pub(crate) fn windows(scan: &LiveScan, columns: usize) -> Result<Vec<Vec<String>>> {
    let (mut cursor, mut found) = (scan.cursor(), Vec::new());
    while cursor.claim()? {
        cursor.prepare()?;
        loop {
            let count = cursor.next(2048)?;
            if count == 0 {
                break;
            }
            found.push(shown(&mut *cursor, columns, Rows::First(count))?);
        }
    }
    Ok(found)
}

/// The rows of a table, as they arrived.
pub(crate) fn read(view: &View, table: LiveTable, columns: &[&str]) -> Vec<String> {
    let scan = scan(view, table, columns, ScanOrder::Arrival, &Conditions::default());
    windows(&scan.expect("a scan"), columns.len()).expect("rows").concat()
}
