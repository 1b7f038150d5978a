//! What to add to DuckDB's error of a query over OTLP: where the column is that it looks for, or how to compare a time.

use duckspan_otlp::relation::Relation;
use duckspan_tables::given::quoted;

use crate::table::LiveTable;

/// What columns are called elsewhere, and what OTLP calls them.
const OTHER_NAMES: [(&str, &[&str]); 15] = [
    ("start_time", &["start_time_unix_nano"]),
    ("end_time", &["end_time_unix_nano"]),
    ("time", &["start_time_unix_nano", "time_unix_nano"]),
    ("timestamp", &["start_time_unix_nano", "time_unix_nano"]),
    ("service", &["service_name"]),
    ("duration", &["duration_ns"]),
    ("duration_ms", &["duration_ns"]),
    ("status", &["status_code"]),
    ("operation", &["name"]),
    ("metric", &["name"]),
    ("metric_name", &["name"]),
    ("message", &["body_text"]),
    ("level", &["severity"]),
    ("tags", &["attributes"]),
    ("labels", &["attributes"]),
];

/// The column that was not found, where the message of an error names it.
pub fn missing(error: &str) -> Option<&str> {
    let (_, rest) = error.split_once("does not have a column named \"")?;
    rest.split('"').next()
}

/// What to say of an error of a query that was bound to a typed relation; `missing` is the column that it did not find.
pub fn typed(error: &str, missing: &str, relation: &Relation) -> Option<String> {
    if error.contains("TIMESTAMP_NS and type TIMESTAMP WITH TIME ZONE")
        || error.contains("TIMESTAMP WITH TIME ZONE and type TIMESTAMP_NS")
    {
        let hint = "Times of OTLP are in UTC, and a cast would take them for the session's: compare them with a time in \
                    UTC, as otlp_ago(INTERVAL 5 MINUTES) is";
        return Some(hint.to_owned());
    }
    let (_, names) = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(missing))?;
    // The last of them: data points have the time at which they start as well.
    let found = names.iter().rev().find(|name| relation.column(name).is_some())?;
    Some(format!("In {} \"{missing}\" is {found}", relation.name))
}

/// What to say of a column that is not found among rows as OTLP has them: that a typed relation has it, of a receiver or, without one, of files.
/// `None` if none has.
pub fn column(name: &str, receiver: Option<(&str, LiveTable)>) -> Option<String> {
    let has = |relation: &&'static Relation| relation.column(name).is_some();
    let is_meant = |relation: &&'static Relation| {
        receiver.is_none_or(|(_, table)| table.signal() == Some(relation.signal))
    };
    let places: Vec<String> = Relation::ALL
        .into_iter()
        .filter(is_meant)
        .filter(has)
        .map(|relation| match receiver {
            Some((receiver, _)) => format!("{}.{}", quoted(receiver), relation.name),
            None => format!("read_otlp_{}", relation.name),
        })
        .collect();
    let rows = match receiver {
        Some((receiver, table)) => format!("{}.{}", quoted(receiver), table.name()),
        None => "read_otlp".to_owned(),
    };
    (!places.is_empty()).then(|| {
        let places = places.join(" and ");
        format!("{rows} has rows as OTLP/JSON: \"{name}\" is a column of {places}")
    })
}

#[cfg(test)]
mod tests {
    use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, SPANS};

    use super::*;

    #[test]
    fn columns_are_found_where_they_are() {
        let live = Some(("my-shop", LiveTable::Logs));
        assert_eq!(
            column("Body_Text", live).expect("a hint"),
            "\"my-shop\".logs has rows as OTLP/JSON: \"Body_Text\" is a column of \"my-shop\".log_records"
        );
        assert_eq!(column("duration_ns", live), None);
        let name = column("name", None).expect("a hint");
        assert!(
            name.ends_with("is a column of read_otlp_spans and read_otlp_data_points"),
            "{name}"
        );
        assert_eq!(column("nowhere", None), None);
    }

    #[test]
    fn the_message_of_an_error_names_a_column() {
        let error = "Binder Error: Table \"s\" does not have a column named \"x y\"\n\nCandidate bindings: \"z\"";
        assert_eq!(missing(error), Some("x y"));
        assert_eq!(missing("Referenced column \"x\" not found in FROM clause!"), None);
    }

    #[test]
    fn what_is_called_otherwise_elsewhere() {
        let hint = |missing, relation| typed("", missing, relation);
        assert_eq!(
            hint("Message", &LOG_RECORDS).expect("a hint"),
            "In log_records \"Message\" is body_text"
        );
        assert_eq!(hint("message", &SPANS), None);
        assert_eq!(
            hint("time", &SPANS).expect("a hint"),
            "In spans \"time\" is start_time_unix_nano"
        );
        assert_eq!(
            hint("time", &DATA_POINTS).expect("a hint"),
            "In data_points \"time\" is time_unix_nano"
        );
        assert_eq!(hint("", &SPANS), None);
        for (other, _) in OTHER_NAMES {
            assert!(
                Relation::ALL.iter().any(|relation| hint(other, relation).is_some()),
                "{other}"
            );
            assert!(
                Relation::ALL.iter().all(|relation| relation.column(other).is_none()),
                "{other}"
            );
        }
    }
}
