//! The relations that macros are given, as in `otlp_red(spans := live.spans)`: which one is meant, and
//! whether it is one.

use duckspan_otlp::Signal;
use duckspan_otlp::relation::Relation;

use crate::fault::{Fault, FaultKind, Result};

/// The columns of rows as OTLP has them.
const UNIFIED: [&str; 3] = ["timestamp", "resource", "data"];

/// What files with OTLP end in, whatever else they hold.
const FILES: [&str; 8] = ["json", "jsonl", "ndjson", "gz", "zst", "pb", "binpb", "otlp"];

/// The relation that is meant where none is named: that of the only receiver.
pub fn only(kind: &Relation, receivers: &[String]) -> Result<String> {
    let name = kind.name;
    match receivers {
        [receiver] => Ok(format!("{}.{name}", quoted(receiver))),
        [] => wrong(format!(
            "no receiver is attached: name a table or view of {name}, as in \"{name} := my_{name}\", or \
             ATTACH 'otlp://localhost:4317' AS live (TYPE otlp)"
        )),
        [first, ..] => wrong(format!(
            "receivers are attached as {}: say which one is meant, as in \"{name} := {}.{name}\"",
            receivers.join(" and "),
            quoted(first)
        )),
    }
}

/// Refuses a path to a file of OTLP, which DuckDB would look for as a table, or read as JSON.
pub fn check_name(kind: &Relation, given: &str) -> Result<()> {
    let ending = given.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    // DuckDB reads these where a table is named, with their columns.
    let is_stored = matches!(ending.as_str(), "parquet" | "csv" | "db");
    let is_path = given.contains(['/', '\\', '*']) || FILES.contains(&ending.as_str());
    if is_stored || !is_path || given.starts_with('"') {
        return Ok(());
    }
    let name = kind.name;
    wrong(format!(
        "\"{name} := …\" names a table or view, and '{given}' is a path. Make one of it: \
         CREATE VIEW {name} AS FROM read_otlp_{name}('{given}')"
    ))
}

/// Refuses a table or view that has not the columns of the kind.
pub fn check_columns(kind: &Relation, given: &str, columns: &[String]) -> Result<()> {
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    if has(sign(kind)) {
        return Ok(());
    }
    let name = kind.name;
    if UNIFIED.into_iter().all(has) {
        let signal = kind.signal.name();
        // `live.traces` is named like the table that is meant, but for its end.
        let receivers = given.strip_suffix(signal).map(|base| format!("{base}{name}"));
        let stored = || format!("INSERT INTO live.{signal} FROM {given}");
        let cure = receivers.map_or_else(&stored, |table| {
            format!("name {table} of a receiver, or replay stored rows, {}", stored())
        });
        return wrong(format!(
            "\"{name} := …\" names a table or view of {name}, and {given} has rows of OTLP/JSON: {cure}"
        ));
    }
    let other = Relation::ALL.into_iter().find(|other| has(sign(other)));
    let found = other.map_or_else(
        || format!("has no column \"{}\"", sign(kind)),
        |other| format!("is one of {}", other.name),
    );
    wrong(format!("\"{name} := …\" names a table or view of {name}, and {given} {found}"))
}

/// Refuses what has not the columns of rows as OTLP has them.
pub fn check_rows(kind: &Relation, given: &str, columns: &[String]) -> Result<()> {
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    if has("resource") && has("data") {
        return Ok(());
    }
    let name = kind.name;
    let typed =
        if has(sign(kind)) { format!(", and is one of {name} already") } else { String::new() };
    wrong(format!(
        "otlp_{name}(…) takes a table or view with rows as read_otlp has them, and {given} has no columns \
         \"resource\" and \"data\"{typed}"
    ))
}

/// Whether columns are those of a relation of that kind.
pub fn is_one_of(kind: &Relation, columns: &[String]) -> bool {
    columns.iter().any(|column| column.eq_ignore_ascii_case(sign(kind)))
}

/// A column that relations of that kind have, and no other.
fn sign(kind: &Relation) -> &'static str {
    match kind.signal {
        Signal::Traces => "duration_ns",
        Signal::Logs => "body_text",
        Signal::Metrics => "aggregation_temporality",
    }
}

/// A name as SQL takes it.
pub fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && !name.starts_with(|first: char| first.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn wrong<T>(message: String) -> Result<T> {
    Err(Fault::new(FaultKind::Binder, message))
}

#[cfg(test)]
mod tests {
    use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, SPANS};

    use super::*;

    fn told<T>(outcome: Result<T>) -> String {
        outcome.err().map(|fault| fault.to_string()).unwrap_or_default()
    }

    fn names(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_only_receiver_is_meant() {
        assert_eq!(only(&SPANS, &names("live")).expect("one"), "live.spans");
        let named = only(&LOG_RECORDS, &names("my-shop")).expect("one");
        assert_eq!(named, "\"my-shop\".log_records");
        assert!(told(only(&SPANS, &[])).contains("\"spans := my_spans\""));
        let two = told(only(&DATA_POINTS, &names("a b")));
        assert!(two.contains("as a and b") && two.contains("\"data_points := a.data_points\""));
    }

    #[test]
    fn a_path_is_no_relation() {
        for path in ["x.jsonl", "lake/x.pb", "*.json.gz", "s3://b/otel/**/*", "x.ZST"] {
            let message = told(check_name(&SPANS, path));
            assert!(message.contains(&format!("FROM read_otlp_spans('{path}')")), "{message}");
        }
        for name in ["spans", "live.spans", "\"a/b\"", "lake/spans.parquet", "x.csv"] {
            assert_eq!(told(check_name(&SPANS, name)), "");
        }
    }

    #[test]
    fn columns_tell_what_a_relation_is() {
        for relation in Relation::ALL {
            let columns: Vec<_> =
                relation.columns.iter().map(|column| column.name.to_owned()).collect();
            for other in Relation::ALL {
                let message = told(check_columns(other, "t", &columns));
                assert_eq!(message.is_empty(), relation.name == other.name, "{message}");
                assert!(
                    message.is_empty()
                        || message.ends_with(&format!("is one of {}", relation.name))
                );
            }
        }
        let unified = told(check_columns(&SPANS, "live.traces", &names("timestamp resource data")));
        assert!(unified.contains("name live.spans of a receiver"));
        assert!(unified.contains("INSERT INTO live.traces FROM live.traces"));
        assert!(
            told(check_columns(&SPANS, "t", &names("a b"))).contains("no column \"duration_ns\"")
        );
    }
}
