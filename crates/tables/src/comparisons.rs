//! Comparisons that DuckDB would answer, but wrongly and without a word: names that no value has, names by
//! their letters, and times in UTC with those of the session's time zone.

use duckspan_otlp::relation::{Column, Relation, Type};

use crate::columns::Unified;
use crate::fault::{Fault, FaultKind, Result};

/// What the values of a column are, as far as they can be compared wrongly.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nothing of the kind.
    Other,
    /// Times in UTC.
    Utc,
    /// Names of an enum.
    Names,
}

/// What the column at a position of a typed relation is, or of the unified one.
pub fn subject(relation: Option<&Relation>, position: usize) -> Subject {
    let Some(relation) = relation else {
        let is_time = Unified::ALL.get(position) == Some(&Unified::Timestamp);
        return if is_time { Subject::Utc } else { Subject::Other };
    };
    match relation.columns.get(position) {
        Some(Column { kind: Type::TimestampNs, .. }) => Subject::Utc,
        Some(column) if !column.names(relation).is_empty() => Subject::Names,
        _ => Subject::Other,
    }
}

/// Refuses to compare names with a text that is none: no row would be found.
pub fn check_name(relation: &Relation, position: usize, text: &str) -> Result<()> {
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
pub fn check_order(relation: &Relation, position: usize, text: &str) -> Result<()> {
    let name = relation.columns[position].name;
    let cure = match name {
        "severity" => format!("compare numbers, severity_number >= otlp_severity_number('{text}')"),
        _ => "name the values that are meant, as in IN (\u{2026})".to_owned(),
    };
    wrong(format!("\"{name}\" is text, of which the order is that of letters: {cure}"))
}

/// Refuses to compare UTC with the local time of a session, unless that is UTC too.
pub fn check_zone(column: &str, zone: &str) -> Result<()> {
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
mod tests {
    use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, SPANS};

    use super::*;

    fn position(relation: &Relation, name: &str) -> usize {
        let found = relation.columns.iter().position(|column| column.name == name);
        found.expect("a column of that name")
    }

    #[test]
    fn columns_of_names_are_known() {
        let named = |relation: &'static Relation| {
            let columns = relation.columns.iter().enumerate();
            let is_named = |&(at, _): &(usize, _)| subject(Some(relation), at) == Subject::Names;
            columns.filter(is_named).map(|(_, column)| column.name).collect::<Vec<_>>()
        };
        assert_eq!(named(&SPANS), ["status_code", "kind"]);
        assert_eq!(named(&LOG_RECORDS), ["severity"]);
        assert_eq!(named(&DATA_POINTS), ["kind", "aggregation_temporality"]);
        assert_eq!(subject(None, 0), Subject::Utc);
        assert_eq!(subject(None, 1), Subject::Other);
    }

    #[test]
    fn names_that_no_value_has_are_refused() {
        let told = |relation, column, text| {
            let outcome = check_name(relation, position(relation, column), text);
            outcome.err().map(|fault| fault.to_string()).unwrap_or_default()
        };
        for right in ["SERVER", "UNSPECIFIED", "7"] {
            assert_eq!(told(&SPANS, "kind", right), "");
        }
        assert_eq!(told(&DATA_POINTS, "kind", "exponential_histogram"), "");
        for (wrong, right) in [("server", "SERVER"), ("SPAN_KIND_CLIENT", "CLIENT")] {
            let message = told(&SPANS, "kind", wrong);
            assert!(message.ends_with(&format!("Is '{right}' meant?")), "{message}");
        }
        assert!(told(&SPANS, "status_code", "500").is_empty());
        assert!(told(&SPANS, "status_code", "failed").ends_with("one of UNSET, OK, ERROR"));
        assert!(told(&LOG_RECORDS, "severity", "warn").ends_with("Is 'WARN' meant?"));
    }

    #[test]
    fn only_utc_is_utc() {
        for zone in ["UTC", "Etc/UTC", "gmt", "Etc/GMT+0", "Zulu"] {
            assert!(is_utc(zone), "{zone}");
        }
        for zone in ["Europe/London", "Etc/GMT+1", "Africa/Abidjan", ""] {
            assert!(!is_utc(zone), "{zone}");
        }
    }
}
