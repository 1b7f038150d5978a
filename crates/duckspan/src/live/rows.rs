//! Scans of the rows of a ring.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duckspan_ring::{Part, Snapshot};

use super::scan::ScanCounts;
use super::table::LiveColumn;
use crate::boundary::Result;
use crate::columns::{Reader, Unified};
use crate::scan::{Bounds, Rows, Scan, window_rows};
use crate::vector::Vector;

/// The order in which parts of a ring are scanned.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(dead_code, reason = "C++ makes them")]
pub enum ScanOrder {
    /// As the rows arrived.
    Arrival,
    /// Those with the latest time first.
    Latest,
    /// Those with the earliest time first.
    Earliest,
}

/// Rows of a part that one thread scans at a time: ten of DuckDB's vectors.
const UNIT_ROWS: usize = 10 * 2048;

/// What one thread scans at a time.
#[derive(Debug)]
struct Unit {
    /// Which part of the snapshot.
    part: usize,
    /// Rows of its segment.
    rows: Range<usize>,
}

/// A scan of a snapshot, shared by its threads.
pub(crate) struct RowScan {
    snapshot: Snapshot,
    columns: Vec<LiveColumn>,
    units: Vec<Unit>,
    next: AtomicUsize,
}

impl RowScan {
    pub(crate) fn new(snapshot: Snapshot, columns: Vec<LiveColumn>, order: ScanOrder) -> RowScan {
        let mut units: Vec<Unit> =
            snapshot.parts().iter().enumerate().flat_map(|(at, part)| cut(at, part)).collect();
        let range = |unit: &Unit| snapshot.parts()[unit.part].time_range();
        match order {
            ScanOrder::Arrival => {}
            ScanOrder::Latest => {
                units.sort_by_key(|unit| std::cmp::Reverse(range(unit).map(|(_, max)| max)));
            }
            ScanOrder::Earliest => units.sort_by_key(|unit| range(unit).map(|(min, _)| min)),
        }
        RowScan { snapshot, columns, units, next: AtomicUsize::new(0) }
    }

    pub(crate) fn units(&self) -> usize {
        self.units.len()
    }

    /// How much was claimed, in percent.
    pub(crate) fn progress(&self) -> f64 {
        let claimed = self.next.load(Ordering::Relaxed).min(self.units.len());
        100.0 * claimed as f64 / self.units.len().max(1) as f64
    }

    pub(crate) fn cursor(self: &Arc<RowScan>) -> RowCursor {
        RowCursor {
            scan: Arc::clone(self),
            unit: 0,
            window: 0..0,
            reader: Reader::default(),
            counts: ScanCounts::default(),
        }
    }
}

fn cut(at: usize, part: &Part) -> impl Iterator<Item = Unit> {
    let Range { start, end } = part.rows();
    (start..end)
        .step_by(UNIT_ROWS)
        .map(move |start| Unit { part: at, rows: start..end.min(start + UNIT_ROWS) })
}

/// A thread's place in a [`RowScan`].
pub(crate) struct RowCursor {
    scan: Arc<RowScan>,
    /// The unit claimed last.
    unit: usize,
    /// Rows of its segment.
    window: Range<usize>,
    reader: Reader,
    counts: ScanCounts,
}

impl RowCursor {
    fn unit(&self) -> &Unit {
        &self.scan.units[self.unit]
    }

    fn part(&self) -> &Part {
        &self.scan.snapshot.parts()[self.unit().part]
    }

    /// The number of a row of the segment.
    fn row_id(&self, row: usize) -> i64 {
        let part = self.part();
        (part.first_row_id() + (row - part.rows().start) as u64) as i64
    }
}

impl Scan for RowCursor {
    fn claim(&mut self) -> Result<bool> {
        self.unit = self.scan.next.fetch_add(1, Ordering::Relaxed);
        if self.unit >= self.scan.units.len() {
            return Ok(false);
        }
        let start = self.unit().rows.start;
        self.window = start..start;
        Ok(true)
    }

    fn prepare(&mut self) -> Result<()> {
        self.counts.units += 1;
        Ok(())
    }

    fn next(&mut self, max_rows: usize) -> Result<usize> {
        let rows = self.window.end..self.unit().rows.end;
        let rendered = self.scan.columns.contains(&LiveColumn::Unified(Unified::Data));
        let count = window_rows(self.part().segment(), rows, max_rows, rendered);
        self.window = self.window.end..self.window.end + count;
        self.counts.rows += count as u64;
        Ok(count)
    }

    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        let start = self.window.start;
        match self.scan.columns[column] {
            LiveColumn::Unified(column) => {
                self.reader.fill(column, self.part().segment(), start, rows, vector);
            }
            LiveColumn::RowId => {
                let first = self.row_id(start);
                for index in 0..rows.len() {
                    vector.values()[index] = first + rows.get(index) as i64;
                }
            }
            LiveColumn::Stat(_) | LiveColumn::Nothing => {}
        }
        Ok(())
    }

    fn batch(&self) -> u64 {
        self.unit as u64
    }

    fn bounds(&self, column: usize) -> Option<Bounds> {
        match self.scan.columns[column] {
            LiveColumn::RowId => {
                let rows = &self.unit().rows;
                let (min, max) = (self.row_id(rows.start), self.row_id(rows.end - 1));
                Some(Bounds { values: Some((min, max)), nulls: false })
            }
            LiveColumn::Unified(Unified::Timestamp) => Some(time_bounds(self.part())),
            _ => None,
        }
    }

    fn counts(&self) -> ScanCounts {
        self.counts
    }
}

/// The bounds of the column `timestamp` in a part: microseconds.
pub(crate) fn time_bounds(part: &Part) -> Bounds {
    let values = part.time_range().map(|(min, max)| (min / 1000, max / 1000));
    Bounds { values, nulls: part.untimed() }
}
