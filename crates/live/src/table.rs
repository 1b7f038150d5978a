//! The tables of an attached receiver, as DuckDB's catalog shows them.

use std::cmp::Ordering;
use std::sync::LazyLock;

use duckspan_otlp::Signal;
use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, Member, Relation, SPANS};
use duckspan_tables::columns::{Column, Type, Unified};
use duckspan_tables::typed::has_attribute;

use crate::stats::Stat;

/// A table of an attached receiver.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveTable {
    /// Spans.
    Traces,
    /// Metric data points.
    Metrics,
    /// Log records.
    Logs,
    /// What became of what was received.
    Stats,
    /// Spans, typed.
    Spans,
    /// Log records, typed.
    LogRecords,
    /// Metric data points, typed.
    DataPoints,
}

/// The comments of the columns of each typed relation.
static COMMENTS: LazyLock<[Vec<String>; Relation::ALL.len()]> = LazyLock::new(|| {
    Relation::ALL
        .map(|relation| relation.columns.iter().map(|column| column.comment(relation)).collect())
});

/// A column of such a table.
pub struct TableColumn {
    /// Its name and type.
    pub column: Column,
    /// What it is, for people.
    pub comment: &'static str,
    /// Whether it is left out of `SELECT *`.
    pub is_virtual: bool,
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiveColumn {
    Unified(Unified),
    /// Of a typed relation, the column at that position.
    Typed(usize),
    /// The sequence number of a row.
    RowId,
    Stat(Stat),
    /// Nobody looks at it.
    Nothing,
}

/// The unified relation and what is virtual beside it.
const ROWS: [LiveColumn; 5] = [
    LiveColumn::Unified(Unified::Timestamp),
    LiveColumn::Unified(Unified::Resource),
    LiveColumn::Unified(Unified::Data),
    LiveColumn::Unified(Unified::Signal),
    LiveColumn::RowId,
];

const ROW_ID: TableColumn = TableColumn {
    column: Column { name: "rowid", kind: Type::Int64 },
    comment: "Number of the row in the order of arrival; never used twice while attached",
    is_virtual: true,
};

impl LiveTable {
    /// Every table.
    ///
    /// cbindgen:ignore
    pub const ALL: [LiveTable; 7] = [
        LiveTable::Traces,
        LiveTable::Metrics,
        LiveTable::Logs,
        LiveTable::Stats,
        LiveTable::Spans,
        LiveTable::LogRecords,
        LiveTable::DataPoints,
    ];

    /// The signal whose rows it has.
    pub fn signal(self) -> Option<Signal> {
        match self {
            LiveTable::Traces | LiveTable::Spans => Some(Signal::Traces),
            LiveTable::Metrics | LiveTable::DataPoints => Some(Signal::Metrics),
            LiveTable::Logs | LiveTable::LogRecords => Some(Signal::Logs),
            LiveTable::Stats => None,
        }
    }

    /// The typed relation it is, if it is one.
    pub fn relation(self) -> Option<&'static Relation> {
        match self {
            LiveTable::Spans => Some(&SPANS),
            LiveTable::LogRecords => Some(&LOG_RECORDS),
            LiveTable::DataPoints => Some(&DATA_POINTS),
            _ => None,
        }
    }

    /// The signal of the ring that it writes to; the typed tables show the same rows, but take none.
    pub(crate) fn writable(self) -> Option<Signal> {
        self.signal().filter(|_| self.relation().is_none())
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self.relation() {
            Some(relation) => relation.name,
            None => self.signal().map_or("stats", Signal::name),
        }
    }

    /// What it is, for people.
    pub fn comment(self) -> &'static str {
        match self {
            LiveTable::Spans => "The rows of traces with a column for every OTLP field",
            LiveTable::LogRecords => "The rows of logs with a column for every OTLP field",
            LiveTable::DataPoints => "The rows of metrics with a column for every OTLP field",
            LiveTable::Traces => "Spans received over OTLP, oldest first",
            LiveTable::Metrics => "Metric data points received over OTLP, oldest first",
            LiveTable::Logs => "Log records received over OTLP, oldest first",
            LiveTable::Stats => "What each table holds, and what became of what was received",
        }
    }

    /// How many columns it has, virtual ones among them.
    pub fn width(self) -> usize {
        if let Some(relation) = self.relation() {
            return relation.columns.len() + 1;
        }
        match self {
            LiveTable::Stats => Stat::ALL.len() + 1,
            _ => ROWS.len(),
        }
    }

    /// The column at `position`; virtual ones stand last, and nothing stands beyond them.
    pub(crate) fn at(self, position: usize) -> LiveColumn {
        if let Some(relation) = self.relation() {
            return match position.cmp(&relation.columns.len()) {
                Ordering::Less => LiveColumn::Typed(position),
                Ordering::Equal => LiveColumn::RowId,
                // DuckDB asks for columns that nobody reads, as for `count(*)`.
                Ordering::Greater => LiveColumn::Nothing,
            };
        }
        match self {
            LiveTable::Stats => match Stat::ALL.get(position) {
                Some(&stat) => LiveColumn::Stat(stat),
                None if position == Stat::ALL.len() => LiveColumn::RowId,
                None => LiveColumn::Nothing,
            },
            _ => ROWS.get(position).copied().unwrap_or(LiveColumn::Nothing),
        }
    }

    /// Whether `->>'key'` of the column at `position` can be read without the column.
    pub fn has_member(self, position: usize, key: &str) -> bool {
        match self.at(position) {
            LiveColumn::Typed(position) => {
                self.relation().is_some_and(|relation| has_attribute(relation, position, key))
            }
            LiveColumn::Unified(Unified::Data) => self.member(key).is_some(),
            _ => false,
        }
    }

    /// The member of `data` that stands under a key, or at a path.
    pub(crate) fn member(self, key: &str) -> Option<Member> {
        // `'name'` and `'$.name'` are the same member for DuckDB.
        Member::find(self.signal()?, key.strip_prefix("$.").unwrap_or(key))
    }

    /// The column at `position`, which is below the width.
    pub fn column(self, position: usize) -> TableColumn {
        match self.at(position) {
            LiveColumn::Unified(unified) => TableColumn {
                column: unified.column(),
                comment: self.describe(unified),
                is_virtual: position >= Unified::VISIBLE,
            },
            LiveColumn::Typed(position) => self.typed_column(position),
            LiveColumn::Stat(stat) => {
                TableColumn { column: stat.column(), comment: stat.comment(), is_virtual: false }
            }
            LiveColumn::RowId | LiveColumn::Nothing => ROW_ID,
        }
    }

    fn typed_column(self, position: usize) -> TableColumn {
        let Some(at) = Relation::ALL.iter().position(|known| known.name == self.name()) else {
            return ROW_ID;
        };
        let column = &Relation::ALL[at].columns[position];
        let (name, kind) = (column.name, column.kind);
        TableColumn {
            column: Column { name, kind },
            comment: &COMMENTS[at][position],
            is_virtual: false,
        }
    }

    fn describe(self, column: Unified) -> &'static str {
        match (column, self) {
            (Unified::Timestamp, LiveTable::Traces) => "Start of the span (startTimeUnixNano), UTC",
            (Unified::Timestamp, LiveTable::Metrics) => {
                "Time of the data point (timeUnixNano), UTC"
            }
            (Unified::Timestamp, _) => {
                "Time of the event (timeUnixNano), or else when it was observed, UTC"
            }
            (Unified::Resource, _) => "What produced it: the OTLP/JSON Resource, with schemaUrl",
            (Unified::Data, LiveTable::Traces) => "The OTLP/JSON Span, with scope and schemaUrl",
            (Unified::Data, LiveTable::Metrics) => {
                "The OTLP/JSON Metric with this data point alone, with scope and schemaUrl"
            }
            (Unified::Data, _) => "The OTLP/JSON LogRecord, with scope and schemaUrl",
            (Unified::Signal, _) => "traces, metrics or logs",
        }
    }
}
