//! Scans of the rows of a ring.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duckspan_otlp::Signal;
use duckspan_otlp::segment::Copied;
use duckspan_ring::{Part, Snapshot, TakenBack};
use duckspan_tables::columns::{Reader, Unified};
use duckspan_tables::conditions::Conditions;
use duckspan_tables::fault::{Fault, FaultKind, Result};
use duckspan_tables::scan::{Bounds, Rows, Scan, ScanCounts, WINDOW_BYTES};
use duckspan_tables::typed::{TypedColumns, TypedReader, Wanted};
use duckspan_tables::vector::{Held, Vector};

use crate::table::{LiveColumn, LiveTable};

/// The order in which parts of a ring are scanned.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    columns: Vec<RowColumn>,
    typed: Option<Arc<TypedColumns>>,
}

/// How a column is read.
#[derive(Clone, Copy)]
enum RowColumn {
    Unified(Unified),
    /// The one at that position of `typed`.
    Typed(usize),
    RowId,
    /// Nobody looks at it.
    Nothing,
}

impl RowColumns {
    /// `columns` of a table of rows of `signal`; or of those that have a key, that member.
    pub(crate) fn new(
        table: LiveTable,
        signal: Signal,
        columns: impl Iterator<Item = (LiveColumn, Option<String>)>,
        conditions: &Conditions,
    ) -> RowColumns {
        let (mut wanted, mut members) = (Vec::new(), Vec::new());
        let column = |(column, key): (LiveColumn, Option<String>)| match column {
            LiveColumn::Typed(column) => {
                wanted.push(Wanted { column, key });
                RowColumn::Typed(wanted.len() - 1)
            }
            LiveColumn::Unified(column) => match key.and_then(|key| table.member(&key)) {
                Some(member) => {
                    members.push(member);
                    RowColumn::Typed(members.len() - 1)
                }
                None => RowColumn::Unified(column),
            },
            LiveColumn::RowId => RowColumn::RowId,
            LiveColumn::Stat(_) | LiveColumn::Nothing => RowColumn::Nothing,
        };
        let columns = columns.map(column).collect();
        let typed = match table.relation() {
            Some(relation) => Some(TypedColumns::new(relation, wanted, conditions)),
            None if members.is_empty() => None,
            None => Some(TypedColumns::members(signal, &members)),
        };
        RowColumns { columns, typed: typed.map(Arc::new) }
    }

    /// What of rows is copied for each of them.
    fn copied(&self) -> Copied {
        let copied = self.columns.iter().map(|column| match column {
            RowColumn::Unified(Unified::Data) => Copied::DATA,
            RowColumn::Typed(_) => Copied::ROW,
            RowColumn::Unified(_) | RowColumn::RowId | RowColumn::Nothing => Copied::NOTHING,
        });
        copied.max().unwrap_or(Copied::NOTHING)
    }

    /// Whether rows of a part may be among those that are wanted.
    fn may_pass(&self, part: &Part) -> bool {
        let filter = self.typed.as_ref().and_then(|typed| typed.filter());
        filter
            .filter(|filter| filter.needs_summary())
            .is_none_or(|filter| part.summary().is_none_or(|summary| summary.may_pass(filter)))
    }
}

/// A scan of a snapshot, shared by its threads.
pub(crate) struct RowScan {
    snapshot: Snapshot,
    columns: RowColumns,
    copied: Copied,
    units: Vec<Unit>,
    next: AtomicUsize,
}

impl RowScan {
    pub(crate) fn new(
        snapshot: Snapshot,
        columns: RowColumns,
        order: ScanOrder,
    ) -> Result<RowScan> {
        let parts = snapshot.parts().map_err(taken_back)?;
        let mut units: Vec<Unit> =
            parts.iter().enumerate().flat_map(|(at, part)| cut(at, part)).collect();
        // Of the whole part, also for pieces of it: rows within have no order of time either.
        let range = |unit: &Unit| parts[unit.part].time_range();
        match order {
            ScanOrder::Arrival => {}
            ScanOrder::Latest => {
                // Parts overlap in time, so this is no order of rows: only what comes first is likely to have the
                // wanted ones, and a filter of DuckDB's then leaves out the rest.
                units.sort_by_key(|unit| std::cmp::Reverse(range(unit).map(|(_, max)| max)));
            }
            ScanOrder::Earliest => units.sort_by_key(|unit| range(unit).map(|(min, _)| min)),
        }
        let copied = columns.copied();
        Ok(RowScan { snapshot, columns, copied, units, next: AtomicUsize::new(0) })
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
            part: None,
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
    /// The unit claimed last, and the part that it is of: no other is kept from being taken back.
    unit: usize,
    part: Option<Part>,
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

    /// The part of the unit.
    fn part(&self) -> Result<&Part> {
        self.part.as_ref().ok_or_else(|| Fault::new(FaultKind::Internal, "nothing is claimed"))
    }
}

/// The number of a row of the segment of a part.
fn row_id(part: &Part, row: usize) -> i64 {
    (part.first_row_id() + (row - part.rows().start) as u64) as i64
}

/// That rows of a transaction made room for newer ones.
pub(crate) fn taken_back(_: TakenBack) -> Fault {
    let message = "The rows that this transaction sees made room for newer ones: what is kept for transactions and \
                   results that are open may take an eighth of memory_limit, and this was the oldest of them. Begin \
                   anew, fetch results sooner, or attach with a larger memory_limit.";
    Fault::new(FaultKind::InvalidInput, message)
}

impl Scan for RowCursor {
    fn claim(&mut self) -> Result<bool> {
        self.part = None;
        self.unit = self.scan.next.fetch_add(1, Ordering::Relaxed);
        if self.unit >= self.scan.units.len() {
            return Ok(false);
        }
        let Unit { part, rows: Range { start, .. } } = *self.unit();
        // Held from here until the next claim: a scan keeps one part for each thread in memory, not all of its
        // snapshot.
        self.part = Some(self.scan.snapshot.part(part).map_err(taken_back)?);
        self.window = start..start;
        Ok(true)
    }

    fn prepare(&mut self) -> Result<()> {
        if self.scan.columns.may_pass(self.part()?) {
            self.counts.units += 1;
        } else {
            let end = self.unit().rows.end;
            // Nothing is left of the unit, and `next` says so: to claim is not allowed to look, since it is done with
            // a lock.
            self.window = end..end;
        }
        Ok(())
    }

    fn next(&mut self, max_rows: usize) -> Result<usize> {
        loop {
            let rows = self.window.end..self.unit().rows.end;
            let Some(held) = &self.part else { return Ok(0) };
            let copied = self.scan.copied;
            // Numbers and times are read so fast that a small window would only cost; text is what a LIMIT should not
            // wait for.
            let is_text = copied > Copied::NOTHING;
            // Small windows first, where rows are dear to write.
            let wanted = if is_text { max_rows.min(self.patience) } else { max_rows };
            self.patience = wanted.saturating_mul(2);
            let rows = rows.start..rows.end.min(rows.start + wanted);
            let count = held.segment().rows_within(rows, WINDOW_BYTES, copied);
            self.window = self.window.end..self.window.end + count;
            self.counts.rows += count as u64;
            let found = match &mut self.typed {
                Some(typed) => typed.window(held.segment(), self.window.clone()),
                None => count,
            };
            // An empty window says that the batch is at its end, so windows of which no row passes are not handed
            // out.
            if found > 0 || count == 0 {
                return Ok(found);
            }
        }
    }

    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        let start = self.window.start;
        match self.scan.columns.columns[column] {
            RowColumn::Unified(column) => {
                let part = self.part()?.clone();
                self.reader.fill(column, part.segment(), start, rows, vector)?;
            }
            RowColumn::Typed(position) => {
                let held = Held::Ring(self.part()?.clone());
                if let Some(typed) = &mut self.typed {
                    typed.fill(position, &held, rows, vector)?;
                }
            }
            RowColumn::RowId => {
                let part = self.part()?;
                vector.write_numbers(rows.len(), |index| {
                    let position = rows.get(index);
                    Some(row_id(
                        part,
                        match &self.typed {
                            Some(typed) => typed.row(position),
                            None => start + position,
                        },
                    ))
                })?;
            }
            RowColumn::Nothing => {}
        }
        Ok(())
    }

    fn batch(&self) -> u64 {
        self.unit as u64
    }

    fn bounds(&self, column: usize) -> Option<Bounds> {
        let part = self.part.as_ref()?;
        match self.scan.columns.columns[column] {
            RowColumn::RowId => {
                let rows = &self.unit().rows;
                // Ids of this unit, not of the part: a query for one row looks at one unit.
                let (min, max) = (row_id(part, rows.start), row_id(part, rows.end - 1));
                Some(Bounds { values: Some((min, max)), nulls: false })
            }
            RowColumn::Unified(Unified::Timestamp) => Some(time_bounds(part)),
            RowColumn::Typed(position) => {
                let typed = self.scan.columns.typed.as_ref()?;
                typed.is_time(position).then(|| nano_bounds(part))
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
