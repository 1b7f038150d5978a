//! How much memory rows take once they stand alone.

use std::ops::Range;

use super::merge::Head;
use super::{Metric, Owner, Row, Scope, Segment};
use crate::signal::Signal;

/// Consecutive rows of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The rows.
    pub rows: Range<usize>,
    /// Bytes of memory that a segment of these rows alone takes at most.
    pub memory: usize,
}

/// What a reader copies for each row, though rows may share it; each of the constants is more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copied {
    row: bool,
    scope: bool,
    resource: bool,
}

impl Copied {
    /// Times and numbers only.
    pub const NOTHING: Copied = Copied { row: false, scope: false, resource: false };
    /// The row's own message, and for a data point the head of its metric.
    pub const ROW: Copied = Copied { row: true, ..Copied::NOTHING };
    /// What [`crate::render::data`] writes: the scope with its schema URL too.
    pub const DATA: Copied = Copied { scope: true, ..Copied::ROW };
    /// The resource too.
    pub const ALL: Copied = Copied { resource: true, ..Copied::DATA };
}

impl Segment {
    /// How many of `rows`, one at least where there are any, are read from at most so many bytes of protobuf,
    /// if those of `copied` count for every row.
    pub fn rows_within(&self, rows: Range<usize>, bytes: usize, copied: Copied) -> usize {
        if !copied.row {
            return rows.len();
        }
        let (mut sum, mut scope, mut shared) = (0, None, 0);
        for row in rows.clone() {
            if copied.scope && scope != Some(self.scope_of(row)) {
                scope = Some(self.scope_of(row));
                shared = self.shared_len(self.scope_of(row), copied);
            }
            sum += self.wire_len(row) + shared;
            if sum > bytes {
                return (row - rows.start).max(1);
            }
        }
        rows.len()
    }

    /// Bytes of the scope of that number, and of its resource.
    fn shared_len(&self, number: usize, copied: Copied) -> usize {
        let Scope { owner, resource } = self.scopes[number];
        let resource = self.resources[resource as usize];
        owner.len() + if copied.resource { resource.len() } else { 0 }
    }

    /// Cuts `rows` into runs of at most `max_rows` rows and, as segments of their own, `memory` bytes, but for two
    /// cases. A run has at least one row, however large. And where what a row shares with others is large, its run may
    /// be twice that: each run has a copy of it, and all copies together are to take no more than the rows.
    ///
    /// # Panics
    /// If `rows` is not inside the segment.
    pub fn cut(&self, rows: Range<usize>, memory: usize, max_rows: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut measure = Measure::new(self);
        let (mut start, mut footprint) = (rows.start, Footprint::default());
        for row in rows.clone() {
            let grown = footprint.plus(measure.row(row));
            // Else rows that share a megabyte would each become a part with a copy of it.
            let memory = memory.max(2 * measure.shared_by(row));
            if row > start && (grown.memory() > memory || row - start >= max_rows) {
                runs.push(Run { rows: start..row, memory: footprint.memory() });
                measure.forget();
                (start, footprint) = (row, measure.row(row));
            } else {
                footprint = grown;
            }
        }
        if start < rows.end {
            runs.push(Run { rows: start..rows.end, memory: footprint.memory() });
        }
        runs
    }
}

/// Lengths of what a segment holds.
#[derive(Debug, Clone, Copy, Default)]
struct Footprint {
    bytes: usize,
    rows: usize,
    resources: usize,
    scopes: usize,
    metrics: usize,
}

impl Footprint {
    fn plus(self, more: Footprint) -> Footprint {
        Footprint {
            bytes: self.bytes + more.bytes,
            rows: self.rows + more.rows,
            resources: self.resources + more.resources,
            scopes: self.scopes + more.scopes,
            metrics: self.metrics + more.metrics,
        }
    }

    fn memory(self) -> usize {
        self.bytes
            + self.rows * size_of::<Row>()
            + self.resources * size_of::<Owner>()
            + self.scopes * size_of::<Scope>()
            + self.metrics * size_of::<Metric>()
    }
}

/// Measures rows, counting what they share only the first time.
struct Measure<'a> {
    segment: &'a Segment,
    /// The count of runs so far: what bears this mark is part of the current one.
    run: u32,
    resources: Vec<u32>,
    scopes: Vec<u32>,
    metrics: Vec<u32>,
    /// Of the last row, its scope or metric, and bytes of all that it shares.
    shared: Option<(u32, usize)>,
}

impl<'a> Measure<'a> {
    fn new(segment: &'a Segment) -> Measure<'a> {
        Measure {
            segment,
            run: 1,
            resources: vec![0; segment.resources.len()],
            scopes: vec![0; segment.scopes.len()],
            metrics: vec![0; segment.metrics.len()],
            shared: None,
        }
    }

    /// Starts a run that shares nothing with those before.
    fn forget(&mut self) {
        self.run += 1;
    }

    /// Bytes of what a row may share with others.
    fn shared_by(&mut self, row: usize) -> usize {
        let parent = self.segment.rows[row].parent;
        match self.shared {
            Some((last, bytes)) if last == parent => bytes,
            _ => {
                let bytes = self.shared_of(parent);
                self.shared = Some((parent, bytes));
                bytes
            }
        }
    }

    /// Bytes of a scope and its resource, or among data points of a metric and those of its own.
    fn shared_of(&self, parent: u32) -> usize {
        if self.segment.signal != Signal::Metrics {
            return self.segment.shared_len(parent as usize, Copied::ALL);
        }
        let metric = self.segment.metrics[parent as usize];
        let head = Head::of(self.segment, metric).len();
        head + self.segment.shared_len(metric.scope as usize, Copied::ALL)
    }

    /// What the row adds to the run.
    fn row(&mut self, row: usize) -> Footprint {
        let Row { message, parent, .. } = self.segment.rows[row];
        let own = Footprint { bytes: message.len as usize, rows: 1, ..Footprint::default() };
        if self.segment.signal != Signal::Metrics {
            return own.plus(self.scope(parent));
        }
        // Marks instead of a set that is emptied: to begin a run costs nothing, however much the one before shared.
        if std::mem::replace(&mut self.metrics[parent as usize], self.run) == self.run {
            return own;
        }
        let metric = self.segment.metrics[parent as usize];
        let head = Head::of(self.segment, metric);
        let head = Footprint { bytes: head.len(), metrics: 1, ..Footprint::default() };
        own.plus(head).plus(self.scope(metric.scope))
    }

    fn scope(&mut self, number: u32) -> Footprint {
        if std::mem::replace(&mut self.scopes[number as usize], self.run) == self.run {
            return Footprint::default();
        }
        let Scope { owner, resource } = self.segment.scopes[number as usize];
        let scope = Footprint { bytes: owner.len(), scopes: 1, ..Footprint::default() };
        if std::mem::replace(&mut self.resources[resource as usize], self.run) == self.run {
            return scope;
        }
        let bytes = self.segment.resources[resource as usize].len();
        scope.plus(Footprint { bytes, resources: 1, ..Footprint::default() })
    }
}

impl Owner {
    fn len(self) -> usize {
        self.message.len as usize + self.schema_url.len as usize
    }
}
