//! The tables of an attached receiver, as DuckDB's catalog shows them.

use duckspan_otlp::Signal;

use super::stats::Stat;
use crate::columns::{Column, Type, Unified};

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
}

/// A column of such a table.
pub(crate) struct TableColumn {
    pub(crate) column: Column,
    pub(crate) comment: &'static str,
    /// Whether it is left out of `SELECT *`.
    pub(crate) is_virtual: bool,
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiveColumn {
    Unified(Unified),
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

impl LiveTable {
    /// Every table.
    pub(crate) const ALL: [LiveTable; 4] =
        [LiveTable::Traces, LiveTable::Metrics, LiveTable::Logs, LiveTable::Stats];

    /// The signal whose rows it has.
    pub(crate) fn signal(self) -> Option<Signal> {
        match self {
            LiveTable::Traces => Some(Signal::Traces),
            LiveTable::Metrics => Some(Signal::Metrics),
            LiveTable::Logs => Some(Signal::Logs),
            LiveTable::Stats => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.signal().map_or("stats", Signal::name)
    }

    pub(crate) fn comment(self) -> &'static str {
        match self {
            LiveTable::Traces => "Spans received over OTLP, oldest first",
            LiveTable::Metrics => "Metric data points received over OTLP, oldest first",
            LiveTable::Logs => "Log records received over OTLP, oldest first",
            LiveTable::Stats => "What each table holds, and what became of what was received",
        }
    }

    pub(crate) fn width(self) -> usize {
        match self {
            LiveTable::Stats => Stat::ALL.len() + 1,
            _ => ROWS.len(),
        }
    }

    /// The column at `position`; virtual ones stand last, and nothing stands beyond them.
    pub(crate) fn at(self, position: usize) -> LiveColumn {
        match self {
            LiveTable::Stats => match Stat::ALL.get(position) {
                Some(&stat) => LiveColumn::Stat(stat),
                None if position == Stat::ALL.len() => LiveColumn::RowId,
                None => LiveColumn::Nothing,
            },
            _ => ROWS.get(position).copied().unwrap_or(LiveColumn::Nothing),
        }
    }

    pub(crate) fn column(self, position: usize) -> TableColumn {
        match self.at(position) {
            LiveColumn::Unified(unified) => TableColumn {
                column: unified.column(),
                comment: self.describe(unified),
                is_virtual: position >= Unified::VISIBLE,
            },
            LiveColumn::Stat(stat) => {
                TableColumn { column: stat.column(), comment: stat.comment(), is_virtual: false }
            }
            LiveColumn::RowId | LiveColumn::Nothing => TableColumn {
                column: Column { name: "rowid", kind: Type::Int64 },
                comment: "Number of the row in the order of arrival; never used twice",
                is_virtual: true,
            },
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
