//! The table `stats`: one row per signal.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use duckspan_otlp::{Repair, Repairs, Signal};
use duckspan_receiver::{Counters, Reason};
use duckspan_ring::{Snapshot, Stats};
use duckspan_tables::columns::{Column, Type};
use duckspan_tables::fault::Result;
use duckspan_tables::scan::{Rows, Scan};
use duckspan_tables::vector::{Pool, Vector};

use crate::archive::Outcome;
use crate::forward::Forwarded;
use crate::table::LiveColumn;
use crate::view::{View, waiting};

#[cfg(test)]
mod tests;

/// A column of `stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stat {
    Signal,
    Rows,
    Bytes,
    PinnedBytes,
    Oldest,
    Newest,
    Received,
    Evicted,
    Cleared,
    Requests,
    Rejected,
    RejectedBy,
    Repaired,
    RepairedBy,
    Unrouted,
    UnroutedBy,
    InFlightBytes,
    Connections,
    ConnectionsFailed,
    Receiver,
    Archived,
    Waiting,
    ArchivedAt,
    ArchiveLag,
    ArchiveError,
    Forwarded,
    ForwardWaiting,
    ForwardRejected,
    ForwardDropped,
    ForwardedAt,
    ForwardError,
    TlsError,
}

impl Stat {
    pub(crate) const ALL: [Stat; 32] = [
        Stat::Signal,
        Stat::Rows,
        Stat::Bytes,
        Stat::PinnedBytes,
        Stat::Oldest,
        Stat::Newest,
        Stat::Received,
        Stat::Evicted,
        Stat::Cleared,
        Stat::Requests,
        Stat::Rejected,
        Stat::RejectedBy,
        Stat::Repaired,
        Stat::RepairedBy,
        Stat::Unrouted,
        Stat::UnroutedBy,
        Stat::InFlightBytes,
        Stat::Connections,
        Stat::ConnectionsFailed,
        Stat::Receiver,
        Stat::Archived,
        Stat::Waiting,
        Stat::ArchivedAt,
        Stat::ArchiveLag,
        Stat::ArchiveError,
        Stat::Forwarded,
        Stat::ForwardWaiting,
        Stat::ForwardRejected,
        Stat::ForwardDropped,
        Stat::ForwardedAt,
        Stat::ForwardError,
        Stat::TlsError,
    ];

    pub(crate) fn column(self) -> Column {
        let (name, kind) = match self {
            Stat::Signal => ("signal", Type::Varchar),
            Stat::Rows => ("rows", Type::UInt64),
            Stat::Bytes => ("bytes", Type::UInt64),
            Stat::PinnedBytes => ("pinned_bytes", Type::UInt64),
            Stat::Oldest => ("oldest", Type::Timestamp),
            Stat::Newest => ("newest", Type::Timestamp),
            Stat::Received => ("received", Type::UInt64),
            Stat::Evicted => ("evicted", Type::UInt64),
            Stat::Cleared => ("cleared", Type::UInt64),
            Stat::Requests => ("requests", Type::UInt64),
            Stat::Rejected => ("rejected", Type::UInt64),
            Stat::RejectedBy => ("rejected_by", Type::Json),
            Stat::Repaired => ("repaired", Type::UInt64),
            Stat::RepairedBy => ("repaired_by", Type::Json),
            Stat::Unrouted => ("unrouted", Type::UInt64),
            Stat::UnroutedBy => ("unrouted_by", Type::Json),
            Stat::InFlightBytes => ("in_flight_bytes", Type::UInt64),
            Stat::Connections => ("connections", Type::UInt64),
            Stat::ConnectionsFailed => ("connections_failed", Type::UInt64),
            Stat::Receiver => ("receiver", Type::Varchar),
            Stat::Archived => ("archived", Type::UInt64),
            Stat::Waiting => ("waiting", Type::UInt64),
            Stat::ArchivedAt => ("archived_at", Type::Timestamp),
            Stat::ArchiveLag => ("archive_lag_ms", Type::UInt64),
            Stat::ArchiveError => ("archive_error", Type::Varchar),
            Stat::Forwarded => ("forwarded", Type::UInt64),
            Stat::ForwardWaiting => ("forward_waiting", Type::UInt64),
            Stat::ForwardRejected => ("forward_rejected", Type::UInt64),
            Stat::ForwardDropped => ("forward_dropped", Type::UInt64),
            Stat::ForwardedAt => ("forwarded_at", Type::Timestamp),
            Stat::ForwardError => ("forward_error", Type::Varchar),
            Stat::TlsError => ("tls_error", Type::Varchar),
        };
        Column { name, kind }
    }

    pub(crate) fn comment(self) -> &'static str {
        match self {
            Stat::Signal => "The table this row is about",
            Stat::Rows => "Rows held now",
            Stat::Bytes => "Bytes of memory held for them, index and spare room included",
            Stat::PinnedBytes => "Bytes evicted already, but kept for queries that still run",
            Stat::Oldest => "The earliest timestamp held",
            Stat::Newest => "The latest timestamp held",
            Stat::Received => "Rows ever received or inserted: held, evicted and cleared ones",
            Stat::Evicted => "Rows that made room for newer ones",
            Stat::Cleared => "Rows removed by TRUNCATE or DELETE",
            Stat::Requests => "Export requests of this signal, refused ones too",
            Stat::Rejected => "Export requests of this signal that were refused, or lost rows",
            Stat::RejectedBy => "The same, by reason",
            Stat::Repaired => "Values that could not be taken as they stood",
            Stat::RepairedBy => "The same, by what was done",
            Stat::Unrouted => "Refused requests of no signal; the same in every row",
            Stat::UnroutedBy => "The same, by reason; the same in every row",
            Stat::InFlightBytes => "Bytes of requests being received; the same in every row",
            Stat::Connections => "Connections open now; the same in every row",
            Stat::ConnectionsFailed => {
                "Connections that made room for others or ended in an error; the same in every row"
            }
            Stat::Receiver => {
                "Which receiver it is: another one after each ATTACH, from which rowid starts anew; the same in every row"
            }
            Stat::Archived => "The first rowid that is not archived: all before it are",
            Stat::Waiting => "Rows held that are not archived yet",
            Stat::ArchivedAt => "When rows were archived last, UTC; the same in every row",
            Stat::ArchiveLag => {
                "Rows that wait to be archived came no longer ago than this; 0 if none waits"
            }
            Stat::ArchiveError => "Why nothing is archived now; the same in every row",
            Stat::Forwarded => "Rows that the upstream took",
            Stat::ForwardWaiting => "Rows that are to be forwarded yet, those in flight among them",
            Stat::ForwardRejected => "Rows that the upstream refused for good",
            Stat::ForwardDropped => "Rows that were evicted or removed before they were forwarded",
            Stat::ForwardedAt => "When the upstream took rows last, UTC; the same in every row",
            Stat::ForwardError => {
                "Why nothing is forwarded now, or else why rows were rejected last; the same in every row"
            }
            Stat::TlsError => {
                "Why changed files of TLS are not used, but those before; the same in every row"
            }
        }
    }
}

/// A row of `stats`.
struct StatRow {
    signal: Signal,
    ring: Stats,
    counters: Arc<Counters>,
    receiver: Arc<str>,
    archived: Option<Arc<Outcome>>,
    waiting: u64,
    forwarded: Option<Arc<Forwarded>>,
    rows: Snapshot,
    tls_error: Option<Arc<str>>,
}

/// A value of `stats`.
enum Cell {
    Number(u64),
    /// Nanoseconds since the epoch.
    Time(Option<i64>),
    Text(String),
    Null,
}

impl StatRow {
    fn cell(&self, stat: Stat) -> Cell {
        let (ring, all) = (&self.ring, &self.counters);
        let sent = all.signal(self.signal);
        match stat {
            Stat::Signal => Cell::Text(self.signal.name().to_owned()),
            Stat::Rows => Cell::Number(ring.rows),
            Stat::Bytes => Cell::Number(ring.bytes),
            Stat::PinnedBytes => Cell::Number(ring.pinned_bytes),
            Stat::Oldest => Cell::Time(ring.oldest_time),
            Stat::Newest => Cell::Time(ring.newest_time),
            Stat::Received => Cell::Number(ring.received_rows),
            Stat::Evicted => Cell::Number(ring.evicted_rows),
            Stat::Cleared => Cell::Number(ring.cleared_rows),
            Stat::Requests => Cell::Number(sent.requests),
            Stat::Rejected => Cell::Number(sent.rejected.iter().sum()),
            Stat::RejectedBy => Cell::Text(object(reasons(&sent.rejected))),
            Stat::Repaired => Cell::Number(sent.repairs.total()),
            Stat::RepairedBy => Cell::Text(object(repairs(&sent.repairs))),
            Stat::Unrouted => Cell::Number(all.unrouted.iter().sum()),
            Stat::UnroutedBy => Cell::Text(object(reasons(&all.unrouted))),
            Stat::InFlightBytes => Cell::Number(all.in_flight_bytes),
            Stat::Connections => Cell::Number(all.connections),
            Stat::ConnectionsFailed => {
                let gone = all.connections_refused + all.connections_displaced;
                Cell::Number(gone + all.connections_failed)
            }
            Stat::Receiver => Cell::Text(self.receiver.to_string()),
            Stat::TlsError => {
                self.tls_error.as_deref().map_or(Cell::Null, |error| Cell::Text(error.to_owned()))
            }
            Stat::Archived
            | Stat::Waiting
            | Stat::ArchivedAt
            | Stat::ArchiveLag
            | Stat::ArchiveError => self
                .archived
                .as_ref()
                .map_or(Cell::Null, |archived| self.archive_cell(stat, archived)),
            _ => self
                .forwarded
                .as_ref()
                .map_or(Cell::Null, |forwarded| self.forward_cell(stat, forwarded)),
        }
    }

    fn forward_cell(&self, stat: Stat, forwarded: &Forwarded) -> Cell {
        let counts = forwarded.of(self.signal);
        match stat {
            Stat::Forwarded => Cell::Number(counts.forwarded),
            Stat::ForwardWaiting => Cell::Number(counts.waiting(&self.rows)),
            Stat::ForwardRejected => Cell::Number(counts.rejected),
            Stat::ForwardDropped => Cell::Number(counts.dropped(&self.rows)),
            Stat::ForwardedAt => Cell::Time(forwarded.time),
            Stat::ForwardError => {
                forwarded.error().map_or(Cell::Null, |error| Cell::Text(error.to_owned()))
            }
            _ => Cell::Null,
        }
    }

    fn archive_cell(&self, stat: Stat, archived: &Outcome) -> Cell {
        match stat {
            Stat::Archived => Cell::Number(archived.ends[self.signal as usize]),
            Stat::Waiting => Cell::Number(self.waiting),
            Stat::ArchivedAt => Cell::Time(archived.time),
            Stat::ArchiveLag if self.waiting == 0 => Cell::Number(0),
            Stat::ArchiveLag => Cell::Number(archived.lag.as_millis() as u64),
            Stat::ArchiveError => archived.error.clone().map_or(Cell::Null, Cell::Text),
            _ => Cell::Null,
        }
    }
}

fn reasons(counts: &[u64]) -> impl Iterator<Item = (&'static str, u64)> {
    Reason::ALL.into_iter().map(Reason::name).zip(counts.iter().copied())
}

fn repairs(counts: &Repairs) -> impl Iterator<Item = (&'static str, u64)> {
    Repair::ALL.into_iter().map(|repair| (repair.description(), counts.of(repair)))
}

/// A JSON object of the counts that are not zero. Names need no escapes.
fn object(counts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let mut text = String::from("{");
    for (name, count) in counts.filter(|&(_, count)| count > 0) {
        let comma = if text.len() > 1 { "," } else { "" };
        write!(text, "{comma}\"{name}\":{count}").expect("text has room");
    }
    text.push('}');
    text
}

/// The rows of `stats` at the moment of a view.
pub(crate) fn rows_of(view: &View) -> StatRows {
    let row = |signal| {
        let counters = Arc::clone(&view.counters);
        let (ring, receiver, archived) =
            (view.ring_stats(signal), Arc::clone(&view.receiver), view.archived.clone());
        // Without an archive nothing is archived, and all rows wait; the column is NULL then.
        let end = archived.as_ref().map_or(0, |archived| archived.ends[signal as usize]);
        let rows = view.snapshot(signal).clone();
        let (waiting, forwarded) = (waiting(&rows, end), view.forwarded.clone());
        let tls_error = view.tls_error.clone();
        StatRow { signal, ring, counters, receiver, archived, waiting, forwarded, rows, tls_error }
    };
    StatRows(Signal::ALL.map(row).into())
}

/// Rows of `stats`.
#[derive(Clone)]
pub(crate) struct StatRows(Arc<[StatRow]>);

/// A scan of `stats`: one thread has all of it.
#[derive(Clone)]
pub(crate) struct StatScan {
    rows: StatRows,
    columns: Arc<[LiveColumn]>,
    claimed: bool,
    window: Range<usize>,
    pool: Pool,
}

impl StatScan {
    pub(crate) fn new(rows: StatRows, columns: Vec<LiveColumn>) -> StatScan {
        StatScan {
            rows,
            columns: columns.into(),
            claimed: false,
            window: 0..0,
            pool: Pool::default(),
        }
    }

    fn write(&self, stat: Stat, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        let mut texts = self.pool.texts(rows.len());
        for index in 0..rows.len() {
            match self.rows.0[self.window.start + rows.get(index)].cell(stat) {
                Cell::Number(number) => vector.unsigned_values()?[index] = number,
                Cell::Time(Some(nanos)) => vector.values()?[index] = nanos / 1000,
                Cell::Time(None) => vector.set_null(index)?,
                Cell::Null => match stat.column().kind {
                    Type::Varchar | Type::Json => texts.push(|_| false),
                    _ => vector.set_null(index)?,
                },
                Cell::Text(text) => texts.push(|out| {
                    out.extend_from_slice(text.as_bytes());
                    true
                }),
            }
        }
        match stat.column().kind {
            Type::Varchar | Type::Json => vector.write(texts),
            _ => Ok(()),
        }
    }
}

impl Scan for StatScan {
    fn claim(&mut self) -> Result<bool> {
        Ok(!std::mem::replace(&mut self.claimed, true))
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn next(&mut self, max_rows: usize) -> Result<usize> {
        let start = self.window.end;
        self.window = start..self.rows.0.len().min(start + max_rows);
        Ok(self.window.len())
    }

    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        match self.columns[column] {
            LiveColumn::Stat(stat) => self.write(stat, rows, vector)?,
            LiveColumn::RowId => {
                vector.write_numbers(rows.len(), |index| {
                    Some((self.window.start + rows.get(index)) as i64)
                })?;
            }
            LiveColumn::Unified(_) | LiveColumn::Typed(_) | LiveColumn::Nothing => {}
        }
        Ok(())
    }
}
