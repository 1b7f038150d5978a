//! Comparisons that DuckDB would answer, but wrongly and without a word: names that no value has, names by
//! their letters, and times in UTC with those of the session's time zone.

use std::collections::HashMap;

use duckspan_otlp::relation::{Column, Relation, Type};

use crate::columns::Unified;
use crate::expression::{Binding, Expression, Other, Time};
use crate::fault::{Fault, FaultKind, Result};
use crate::plan::{Plan, Scan};

/// Refuses what a plan compares wrongly. `zone` is the time zone of the session, empty where DuckDB knows none.
pub fn check(plan: &Plan<'_>, zone: &str) -> Result<()> {
    let mut comparisons = Comparisons { plan, zone, known: HashMap::new() };
    plan.expressions().try_for_each(|expression| comparisons.check(expression))
}

/// What values are, as far as they can be compared wrongly.
#[derive(Debug, Clone, Copy)]
enum Subject<'p> {
    /// Nothing of the kind.
    Other,
    /// Times in UTC, of a column with that name.
    Utc(&'p str),
    /// Names of an enum, in the column at a position.
    Names(&'static Relation, usize),
}

impl<'p> Subject<'p> {
    /// What a scanned column is.
    fn of(scan: &Scan<'_>, position: usize, name: &'p str) -> Subject<'p> {
        let Some(relation) = scan.relation else {
            let is_time = Unified::ALL.get(position) == Some(&Unified::Timestamp);
            return if is_time { Subject::Utc(name) } else { Subject::Other };
        };
        match relation.columns.get(position) {
            Some(Column { kind: Type::TimestampNs, .. }) => Subject::Utc(name),
            Some(column) if !column.names(relation).is_empty() => {
                Subject::Names(relation, position)
            }
            _ => Subject::Other,
        }
    }

    /// What it is beside others.
    fn or(self, others: impl Iterator<Item = Subject<'p>>) -> Subject<'p> {
        // Times are in UTC if one of them is; names may be any.
        others
            .fold(self, |found, other| if matches!(other, Subject::Utc(_)) { other } else { found })
    }
}

/// Columns are followed through a plan to where they are scanned.
struct Comparisons<'p> {
    plan: &'p Plan<'p>,
    zone: &'p str,
    known: HashMap<Binding, Subject<'p>>,
}

impl<'p> Comparisons<'p> {
    fn of_column(&mut self, column: Binding) -> Subject<'p> {
        if let Some(&known) = self.known.get(&column) {
            return known;
        }
        // What looks at itself, as in a recursive query, is nothing more by that.
        self.known.insert(column, Subject::Other);
        let mut sources = self
            .plan
            .sources(column)
            .map(|(operator, expression)| match (&operator.scan, expression) {
                (Some(scan), Expression::Scanned(scanned)) => {
                    Subject::of(scan, scanned.position, &scanned.name)
                }
                _ => self.of(expression),
            })
            .collect::<Vec<_>>()
            .into_iter();
        let subject = match sources.len() {
            1 => sources.next().unwrap_or(Subject::Other),
            _ => Subject::Other.or(sources),
        };
        self.known.insert(column, subject);
        subject
    }

    /// A time that is made of times in UTC is one itself.
    fn of(&mut self, expression: &'p Expression) -> Subject<'p> {
        if let Expression::Column(column) = expression {
            return self.of_column(*column);
        }
        let time = match expression {
            Expression::Cast(cast) => cast.to,
            Expression::Other(other) => other.time,
            _ => Time::Other,
        };
        if time != Time::WithoutZone {
            return Subject::Other;
        }
        let children = expression.children().iter();
        Subject::Other.or(children.map(|child| self.of(child)))
    }

    fn check(&mut self, expression: &'p Expression) -> Result<()> {
        match expression {
            Expression::Cast(cast) if cast.to == Time::Moment => {
                let subject = self.of(&cast.value);
                self.check_zone(subject)?;
            }
            Expression::Compare(comparison, sides) => {
                let [left, right] = &**sides;
                self.compare(left, right, comparison.is_order())?;
                self.compare(right, left, comparison.is_order())?;
            }
            Expression::Between(children) => {
                let [value, least, greatest] = &**children;
                self.compare(value, least, true)?;
                self.compare(value, greatest, true)?;
            }
            Expression::In(children) | Expression::NotIn(children) => {
                if let Some((value, others)) = children.split_first() {
                    others.iter().try_for_each(|other| self.compare(value, other, false))?;
                }
            }
            _ => {}
        }
        expression.children().iter().try_for_each(|child| self.check(child))
    }

    fn compare(
        &mut self,
        value: &'p Expression,
        with: &'p Expression,
        is_order: bool,
    ) -> Result<()> {
        match (self.of(value), text(with)) {
            (utc @ Subject::Utc(_), _) if is_local(with) => self.check_zone(utc),
            (Subject::Names(relation, position), Some(text)) if is_order => {
                check_order(relation, position, text)
            }
            (Subject::Names(relation, position), Some(text)) => {
                check_name(relation, position, text)
            }
            _ => Ok(()),
        }
    }

    fn check_zone(&self, subject: Subject<'_>) -> Result<()> {
        match subject {
            Subject::Utc(column) if !self.zone.is_empty() => check_zone(column, self.zone),
            _ => Ok(()),
        }
    }
}

/// The text that an expression is in each row, if it is one. Literals are cast to the type that they are taken for.
fn text(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::Cast(cast) => text(&cast.value),
        Expression::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether an expression has local time of the session in it. Arguments of functions that DuckDB has made constants of
/// before cannot be seen.
fn is_local(expression: &Expression) -> bool {
    let is_local_itself = match expression {
        Expression::Cast(cast) => {
            cast.from == Time::Moment && matches!(cast.to, Time::WithoutZone | Time::Date)
        }
        Expression::Other(Other { function, .. }) => {
            matches!(&**function, "current_localtimestamp" | "current_date" | "today")
        }
        _ => false,
    };
    is_local_itself || expression.children().iter().any(is_local)
}

/// Refuses to compare names with a text that is none: no row would be found.
fn check_name(relation: &Relation, position: usize, text: &str) -> Result<()> {
    let column = &relation.columns[position];
    let names = column.names(relation);
    // A number without a name reads as that number.
    let is_unnamed = |number: i32| usize::try_from(number).map_or(true, |at| at >= names.len());
    if text.parse().is_ok_and(is_unnamed) || names.iter().any(|name| name == text) {
        return Ok(());
    }
    wrong(format!(
        "\"{}\" is never '{text}', so this would find nothing: it is one of {}{}",
        column.name,
        names.join(", "),
        meant(&names, text).map(|name| format!(". Is '{name}' meant?")).unwrap_or_default(),
    ))
}

/// Refuses to compare names by their letters.
fn check_order(relation: &Relation, position: usize, text: &str) -> Result<()> {
    let name = relation.columns[position].name;
    let cure = match name {
        "severity" => format!("compare numbers, severity_number >= otlp_severity_number('{text}')"),
        _ => "name the values that are meant, as in IN (\u{2026})".to_owned(),
    };
    wrong(format!("\"{name}\" is text, of which the order is that of letters: {cure}"))
}

/// Refuses to compare UTC with the local time of a session, unless that is UTC too.
fn check_zone(column: &str, zone: &str) -> Result<()> {
    if is_utc(zone) {
        return Ok(());
    }
    wrong(format!(
        "\"{column}\" is in UTC, and DuckDB would take it for a time in {zone}, the TimeZone of this session: \
         compare it with a time in UTC, as otlp_ago(INTERVAL 5 MINUTES) is, or make a moment of it, \
         {column} AT TIME ZONE 'UTC'"
    ))
}

fn is_utc(zone: &str) -> bool {
    let zone = zone.to_ascii_uppercase();
    let zone = zone.strip_prefix("ETC/").unwrap_or(&zone);
    matches!(
        zone,
        "UTC" | "UCT" | "GMT" | "GMT0" | "GMT+0" | "GMT-0" | "ZULU" | "UNIVERSAL" | "GREENWICH"
    )
}

/// The name that a text means in other letters, or with the name of the enum before it.
fn meant<'a>(names: &'a [String], text: &str) -> Option<&'a String> {
    let text = text.to_ascii_uppercase();
    let is_end = |name: &&String| {
        let rest = text.strip_suffix(&name.to_ascii_uppercase());
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    };
    names.iter().find(is_end)
}

fn wrong<T>(message: String) -> Result<T> {
    Err(Fault::new(FaultKind::Binder, message))
}

#[cfg(test)]
mod tests;
