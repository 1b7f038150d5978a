//! How much of requests is read, and as what their rows stand in memory.

use crate::schema::role;

/// The parts of a request that are read; others are checked and stepped over. Resources, scopes, metrics
/// and rows are always written, though they may be empty, so that rows can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Projection {
    /// Keep resources and the schema URLs beside them.
    pub resource: bool,
    /// Keep scopes and the schema URLs beside them.
    pub scope: bool,
    /// Bit n: keep field n of spans, log records and data points.
    pub row: u32,
    /// Bit n: keep field n of metrics. The data points are always kept.
    pub metric: u32,
}

impl Projection {
    /// Everything.
    pub const ALL: Projection =
        Projection { resource: true, scope: true, row: u32::MAX, metric: u32::MAX };

    /// No more than that there are rows.
    pub const NOTHING: Projection = Projection { resource: false, scope: false, row: 0, metric: 0 };

    /// The time of each row.
    pub const TIMES: Projection = Projection { row: role::TIMES, ..Projection::NOTHING };

    /// Whether of spans, log records and data points nothing is kept but their times.
    fn keeps_times_only(self) -> bool {
        self.row & !role::TIMES == 0
    }

    fn covers(self, other: Projection) -> bool {
        self.both(other) == other
    }

    /// What is in both.
    fn both(self, other: Projection) -> Projection {
        Projection {
            resource: self.resource && other.resource,
            scope: self.scope && other.scope,
            row: self.row & other.row,
            metric: self.metric & other.metric,
        }
    }
}

/// As what rows stand in memory: the later, the more can be read of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowForm {
    /// As anything that has their time.
    Times,
    /// As anything that can be rendered: messages, or the text that they are rendered to, where the JSON that they
    /// were read from had it word for word.
    Text,
    /// As messages.
    Messages,
}

/// What a segment holds of the requests that it was made from, at least; or what somebody needs of them, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Their parts.
    pub parts: Projection,
    /// As what their rows stand there.
    pub rows: RowForm,
}

impl From<Projection> for Kept {
    /// These parts, of rows that are messages.
    fn from(parts: Projection) -> Kept {
        Kept { parts, rows: RowForm::Messages }
    }
}

impl Kept {
    /// All of them, as messages.
    pub const ALL: Kept = Kept { parts: Projection::ALL, rows: RowForm::Messages };

    /// What rows are rendered from.
    pub const RENDERED: Kept =
        Kept { parts: Projection { resource: false, ..Projection::ALL }, rows: RowForm::Text };

    /// Whether whoever needs that much finds it here.
    #[inline]
    pub fn satisfies(self, needed: Kept) -> bool {
        // A message can be rendered, and has its time in the index: whoever needs less is served by more.
        self.rows >= needed.rows && self.parts.covers(needed.parts)
    }

    /// What is kept of both.
    pub(crate) fn both(self, other: Kept) -> Kept {
        // Whoever reads the rows of both may count on what each of them has, and on no more.
        Kept { parts: self.parts.both(other.parts), rows: self.rows.min(other.rows) }
    }

    /// The least that rows may be made of where no more than this is needed of them: a text has all of its row, and a
    /// time nothing else.
    pub(crate) fn least(self) -> RowForm {
        let Kept { parts, rows } = self;
        match rows {
            // To take a row's text as it is costs less than to look for the parts of it that are wanted.
            RowForm::Text | RowForm::Times if parts.row & parts.metric == u32::MAX => RowForm::Text,
            RowForm::Times if parts.keeps_times_only() => RowForm::Times,
            _ => RowForm::Messages,
        }
    }

    /// Whether nothing is needed of a request but the times of its rows.
    pub(crate) fn is_times_only(self) -> bool {
        self.least() == RowForm::Times && Projection { row: 0, ..self.parts } == Projection::NOTHING
    }
}
