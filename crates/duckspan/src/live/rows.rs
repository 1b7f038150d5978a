//! Scans of the rows of a ring.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duckspan_otlp::relation::Relation;
use duckspan_ring::{Part, Snapshot};

use super::scan::ScanCounts;
use super::table::LiveColumn;
use crate::boundary::Result;
use crate::columns::{Reader, Unified};
use crate::conditions::Conditions;
use crate::scan::{Bounds, Rows, Scan, window_rows};
use crate::typed::{TypedColumns, TypedReader, Wanted};
use crate::vector::{Held, Vector};

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

/// Rows of the first window of a thread that becomes text; each next one has twice as many. A query that
/// wants a few rows is not made to wait for more.
const FIRST_WINDOW: usize = 128;

/// What one thread scans at a time.
#[derive(Debug)]
struct Unit {
    /// Which part of the snapshot.
    part: usize,
    /// Rows of its segment.
    rows: Range<usize>,
}

/// The columns that are wanted of each row.
pub(crate) struct RowColumns {
    columns: Vec<LiveColumn>,
    /// Those of a typed relation, in their order among `columns`.
    typed: Option<Arc<TypedColumns>>,
}

impl RowColumns {
    pub(crate) fn new(
        relation: Option<&'static Relation>,
        columns: Vec<(LiveColumn, Option<String>)>,
        conditions: &Conditions,
    ) -> RowColumns {
        let (columns, keys): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let wanted = columns.iter().zip(keys);
        let wanted = wanted.filter_map(|(at, key)| Some(Wanted { column: at.typed()?, key }));
        let typed =
            relation.map(|relation| Arc::new(TypedColumns::new(relation, wanted, conditions)));
        RowColumns { columns, typed }
    }

    /// Whether rows become long text.
    fn are_rendered(&self) -> bool {
        let is_text = |column: &LiveColumn| {
            matches!(column, LiveColumn::Unified(Unified::Data) | LiveColumn::Typed(_))
        };
        self.columns.iter().any(is_text)
    }

    /// Whether a column of the typed relation is the time of a row.
    fn is_time(&self, column: usize) -> bool {
        self.typed.as_ref().is_some_and(|typed| typed.is_time(self.typed_position(column)))
    }

    /// Whether rows of a part may be among those that are wanted.
    fn may_pass(&self, part: &Part) -> bool {
        let filter = self.typed.as_ref().and_then(|typed| typed.filter());
        filter
            .filter(|filter| filter.needs_summary())
            .is_none_or(|filter| part.summary().is_none_or(|summary| summary.may_pass(filter)))
    }

    /// The position of a column among those of the typed relation.
    fn typed_position(&self, column: usize) -> usize {
        self.columns[..column].iter().filter_map(LiveColumn::typed).count()
    }
}

impl LiveColumn {
    fn typed(&self) -> Option<usize> {
        match self {
            LiveColumn::Typed(position) => Some(*position),
            _ => None,
        }
    }
}

/// A scan of a snapshot, shared by its threads.
pub(crate) struct RowScan {
    snapshot: Snapshot,
    columns: RowColumns,
    units: Vec<Unit>,
    next: AtomicUsize,
}

impl RowScan {
    pub(crate) fn new(snapshot: Snapshot, columns: RowColumns, order: ScanOrder) -> RowScan {
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
            patience: FIRST_WINDOW,
            reader: Reader::default(),
            typed: self.columns.typed.clone().map(TypedReader::new),
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
    /// Rows of the next window at most.
    patience: usize,
    reader: Reader,
    typed: Option<TypedReader>,
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
        if self.scan.columns.may_pass(self.part()) {
            self.counts.units += 1;
        } else {
            let end = self.unit().rows.end;
            self.window = end..end;
        }
        Ok(())
    }

    fn next(&mut self, max_rows: usize) -> Result<usize> {
        loop {
            let rows = self.window.end..self.unit().rows.end;
            let held = &self.scan.snapshot.parts()[self.unit().part];
            let rendered = self.scan.columns.are_rendered();
            let wanted = if rendered { max_rows.min(self.patience) } else { max_rows };
            self.patience = wanted.saturating_mul(2);
            let count = window_rows(held.segment(), rows, wanted, rendered);
            self.window = self.window.end..self.window.end + count;
            self.counts.rows += count as u64;
            let found = match &mut self.typed {
                Some(typed) => typed.window(held.segment(), self.window.clone()),
                None => count,
            };
            if found > 0 || count == 0 {
                return Ok(found);
            }
        }
    }

    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        let start = self.window.start;
        match self.scan.columns.columns[column] {
            LiveColumn::Unified(column) => {
                self.reader.fill(column, self.part().segment(), start, rows, vector);
            }
            LiveColumn::Typed(_) => {
                let held = Held::Ring(self.part().clone());
                let position = self.scan.columns.typed_position(column);
                if let Some(typed) = &mut self.typed {
                    typed.fill(position, &held, rows, vector);
                }
            }
            LiveColumn::RowId => {
                for index in 0..rows.len() {
                    let position = rows.get(index);
                    let row = match &self.typed {
                        Some(typed) => typed.row(position),
                        None => start + position,
                    };
                    vector.values()[index] = self.row_id(row);
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
        match self.scan.columns.columns[column] {
            LiveColumn::RowId => {
                let rows = &self.unit().rows;
                let (min, max) = (self.row_id(rows.start), self.row_id(rows.end - 1));
                Some(Bounds { values: Some((min, max)), nulls: false })
            }
            LiveColumn::Unified(Unified::Timestamp) => Some(time_bounds(self.part())),
            LiveColumn::Typed(_) if self.scan.columns.is_time(column) => {
                Some(nano_bounds(self.part()))
            }
            _ => None,
        }
    }

    fn counts(&self) -> ScanCounts {
        self.counts
    }
}

/// The bounds of the times of rows in a part, in nanoseconds.
pub(crate) fn nano_bounds(part: &Part) -> Bounds {
    Bounds { values: part.time_range(), nulls: part.untimed() }
}

/// The bounds of the column `timestamp` in a part: microseconds.
pub(crate) fn time_bounds(part: &Part) -> Bounds {
    let values = part.time_range().map(|(min, max)| (min / 1000, max / 1000));
    Bounds { values, nulls: part.untimed() }
}
