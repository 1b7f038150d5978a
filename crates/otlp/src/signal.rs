//! The three stable OTLP signals.

use crate::schema::{self, Field, Message};

#[cfg(test)]
mod tests;

/// A stable OTLP signal. The discriminant indexes per-signal arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metric data points.
    Metrics,
    /// Log records.
    Logs,
}

impl Signal {
    /// Every signal, in discriminant order.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// The name used in SQL: `traces`, `metrics` or `logs`.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }

    /// The signal of that SQL name.
    pub fn from_name(name: &str) -> Option<Signal> {
        Signal::ALL.into_iter().find(|signal| signal.name().eq_ignore_ascii_case(name))
    }

    /// The message of a whole request or file record: `TracesData` and its kin, whose wire form is
    /// that of the `Export*ServiceRequest` too.
    pub fn data(self) -> &'static Message {
        match self {
            Signal::Traces => &schema::TRACES_DATA,
            Signal::Metrics => &schema::METRICS_DATA,
            Signal::Logs => &schema::LOGS_DATA,
        }
    }

    /// The list in it: `resourceSpans` and its kin.
    pub fn groups(self) -> &'static Field {
        // It is the only field.
        &self.data().fields[0]
    }

    /// The message of what a scope holds.
    pub(crate) fn element(self) -> &'static Message {
        match self {
            Signal::Traces => &schema::SPAN,
            Signal::Metrics => &schema::METRIC,
            Signal::Logs => &schema::LOG_RECORD,
        }
    }
}

/// A set of signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalSet(u8);

impl SignalSet {
    /// No signal.
    pub const NONE: SignalSet = SignalSet(0);
    /// All three signals.
    pub const ALL: SignalSet = SignalSet(0b111);

    /// The set of one signal.
    pub const fn only(signal: Signal) -> SignalSet {
        SignalSet(1 << signal as u8)
    }

    /// Whether `signal` is in the set.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u8) != 0
    }

    /// The set with `signal` added.
    pub const fn with(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 | 1 << signal as u8)
    }

    /// Whether the set has no signal.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}
