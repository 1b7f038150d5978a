//! What a query asks of its rows, as far as that is told from bytes, before a column is read.

use std::ops::RangeInclusive;

use duckspan_otlp::relation::{Bound, Filter, Relation};

/// Conditions that every row a query wants must meet. DuckDB tests them again on what is read, so they
/// may let rows pass that do not.
#[derive(Debug, Default)]
pub struct Conditions(Vec<Condition>);

#[derive(Debug)]
struct Condition {
    /// The position in the relation.
    column: usize,
    /// Of a column of attributes, the key of the one whose text is meant.
    key: Option<String>,
    bound: Bound,
}

/// How a column compares with a number.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(dead_code, reason = "C++ makes them")]
pub enum Comparison {
    /// It is equal.
    Equal,
    /// It is less.
    Less,
    /// It is less or equal.
    LessOrEqual,
    /// It is greater.
    Greater,
    /// It is greater or equal.
    GreaterOrEqual,
}

impl Comparison {
    /// The numbers that compare so with `number`.
    fn range(self, number: i64) -> RangeInclusive<i64> {
        let nothing = RangeInclusive::new(1, 0);
        match self {
            Comparison::Equal => number..=number,
            // Below the least number there is none, and to wrap around would take all for it.
            Comparison::Less => number.checked_sub(1).map_or(nothing, |last| i64::MIN..=last),
            Comparison::LessOrEqual => i64::MIN..=number,
            Comparison::Greater => number.checked_add(1).map_or(nothing, |first| first..=i64::MAX),
            Comparison::GreaterOrEqual => number..=i64::MAX,
        }
    }
}

impl Conditions {
    /// A column compares so with a number, or with a time in nanoseconds.
    pub(crate) fn number(&mut self, column: usize, comparison: Comparison, number: i64) {
        let bound = Bound::Range(comparison.range(number));
        self.0.push(Condition { column, key: None, bound });
    }

    /// A column, or `column->>'key'`, is one of these texts.
    pub(crate) fn texts(&mut self, column: usize, key: Option<String>, texts: Vec<String>) {
        let bound = Bound::OneOf(texts.into_iter().map(String::into_bytes).collect());
        self.0.push(Condition { column, key, bound });
    }

    /// The filter of what can be told of rows of a relation; `None` if that is nothing.
    pub(crate) fn filter(&self, relation: &'static Relation) -> Option<Filter> {
        let mut filter = Filter::new(relation);
        for condition in &self.0 {
            // One that is not told lets all rows pass, and DuckDB finds out: the others still leave rows out.
            let _told = condition.add_to(&mut filter, relation);
        }
        (!filter.is_empty()).then_some(filter)
    }

    /// Whether all of them can be told of rows of a relation.
    pub(crate) fn are_told(&self, relation: &'static Relation) -> bool {
        let mut filter = Filter::new(relation);
        self.0.iter().all(|condition| condition.add_to(&mut filter, relation))
    }
}

impl Condition {
    /// Adds it to a filter, if it can be told.
    fn add_to(&self, filter: &mut Filter, relation: &'static Relation) -> bool {
        let Some(column) = relation.columns.get(self.column) else { return false };
        match &self.key {
            None => filter.require(column, &self.bound),
            Some(key) if is_plain_key(key) && is_plain_text(&self.bound) => {
                filter.require_attribute(column, key, &self.bound)
            }
            Some(_) => false,
        }
    }
}

/// Whether DuckDB takes the right side of `->>` for the name of a member, and not for a path.
pub(crate) fn is_plain_key(key: &str) -> bool {
    // `$` begins a JSONPath and `/` a JSON pointer; the others have a meaning in either.
    !key.is_empty() && !key.starts_with(['$', '/']) && !key.contains(['"', '\\', '*'])
}

/// Whether texts are those of strings, whole numbers or booleans: DuckDB writes other values anew, and
/// perhaps in another way.
fn is_plain_text(bound: &Bound) -> bool {
    let Bound::OneOf(texts) = bound else { return false };
    texts.iter().all(|text| {
        let text = String::from_utf8_lossy(text);
        // `1.0` in JSON may be `1` or `1e0` in text, so only whole numbers are sure to be written as they were read.
        let is_double = text.parse::<f64>().is_ok() && text.parse::<i64>().is_err();
        !is_double && !text.starts_with(['[', '{'])
    })
}
