//! What DuckDB lists of functions that are not written in SQL: what they do, and statements that use them.

use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, Relation, SPANS};

/// A function.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    text: &'static str,
    /// The relation that it reads, of which there is more to say.
    relation: Option<&'static Relation>,
    /// Statements that use it.
    pub examples: &'static [&'static str],
}

const READ_FILES: &str = "Reads OTLP files as (timestamp, resource, data): one row per span, log record or metric data \
    point. JSON and protobuf, framed or not, gzip or zstd, are told apart by content; the virtual column signal says \
    which of traces, metrics and logs a row is.";
const READ_TYPED_FILES: &str = "Reads OTLP files with a column for every OTLP field.";
const OF_TYPED_FILES: &str = "Parameters are those of read_otlp, and attributes_as_variant, which makes the columns of \
    attributes VARIANT instead of JSON.";
const READ_STORED: &str = "The typed columns of a row of read_otlp or of a receiver, of its resource and data; NULL if \
    it is of another signal.";
const READ_STORED_ONCE: &str = "The typed columns of a row of read_otlp or of a receiver, of its resource and data; \
    NULL if it is of another signal. Computed once a row, for other macros.";

const fn function(
    name: &'static str,
    text: &'static str,
    examples: &'static [&'static str],
) -> Function {
    Function { name, text, relation: None, examples }
}

const fn reader(
    name: &'static str,
    relation: &'static Relation,
    examples: &'static [&'static str],
) -> Function {
    Function { name, text: READ_TYPED_FILES, relation: Some(relation), examples }
}

/// Every such function.
static FUNCTIONS: [Function; 20] = [
    function(
        "read_otlp",
        READ_FILES,
        &[
            "FROM read_otlp('traces.jsonl')",
            "SELECT signal, count(*) FROM read_otlp('s3://bucket/otel/**/*.json.gz') GROUP BY signal",
            "SELECT data->>'name' FROM read_otlp(['a.binpb', 'b.jsonl'], signal := 'traces')",
        ],
    ),
    reader(
        "read_otlp_spans",
        &SPANS,
        &["SELECT service_name, name, duration_ns FROM read_otlp_spans('traces.jsonl')"],
    ),
    reader(
        "read_otlp_log_records",
        &LOG_RECORDS,
        &["SELECT time_unix_nano, severity, body_text FROM read_otlp_log_records('logs.jsonl')"],
    ),
    reader(
        "read_otlp_data_points",
        &DATA_POINTS,
        &["SELECT name, time_unix_nano, value FROM read_otlp_data_points('metrics.jsonl')"],
    ),
    function(
        "read_otlp_rejects",
        "The records that read_otlp skipped and the values it repaired in this database, oldest first: the newest \
         10,000 of them.",
        &["FROM read_otlp_rejects()"],
    ),
    function(
        "otlp_span",
        READ_STORED,
        &["SELECT otlp_span(resource, data) FROM read_otlp('x.jsonl')"],
    ),
    function(
        "__otlp_span",
        READ_STORED_ONCE,
        &["SELECT __otlp_span(resource, data) FROM read_otlp('x.jsonl')"],
    ),
    function(
        "otlp_log_record",
        READ_STORED,
        &["SELECT otlp_log_record(resource, data) FROM read_otlp('x.jsonl')"],
    ),
    function(
        "__otlp_log_record",
        READ_STORED_ONCE,
        &["SELECT __otlp_log_record(resource, data) FROM read_otlp('x.jsonl')"],
    ),
    function(
        "otlp_data_point",
        READ_STORED,
        &["SELECT otlp_data_point(resource, data) FROM read_otlp('x.jsonl')"],
    ),
    function(
        "__otlp_data_point",
        READ_STORED_ONCE,
        &["SELECT __otlp_data_point(resource, data) FROM read_otlp('x.jsonl')"],
    ),
    function(
        "otlp_rows",
        "The rows of a value that is OTLP in any form that read_otlp knows, JSON or protobuf. What is none is an \
         error, and NULL in TRY(otlp_rows(value)).",
        &["SELECT unnest(otlp_rows(body), recursive := true) FROM messages"],
    ),
    function(
        "otlp_flush",
        "Archives the rows of an attached receiver that are not archived yet, and returns how many when they are.",
        &["CALL otlp_flush('live')"],
    ),
    function(
        "otlp_archive",
        "Archives the rows of an attached receiver to a schema or folder, once: those that are not there yet.",
        &["CALL otlp_archive('live', 'lake.telemetry')"],
    ),
    function(
        "otlp_viewer",
        "Serves a page for the browser, and returns its URL: traces, logs and metrics of the attached receiver, or of \
         tables and views that are named.",
        &["CALL otlp_viewer()"],
    ),
    function(
        "otlp_viewer_stop",
        "Stops to serve the page; says whether it was served.",
        &["CALL otlp_viewer_stop()"],
    ),
    function(
        "__otlp_archive",
        "The rows that an archive is to store now: for statements of archives only.",
        &["FROM __otlp_archive('key', 'spans')"],
    ),
    function(
        "__otlp_relation",
        "The table or view of that name, which must be one of spans, log_records or data_points; for NULL, that of the \
         only receiver. For macros.",
        &["FROM __otlp_relation('spans', NULL)"],
    ),
    function(
        "__otlp_rows",
        "Resource, data and signal, if there is one, of the table or view of that name. For macros.",
        &["FROM __otlp_rows('spans', 'live.traces')"],
    ),
    function(
        "__otlp_scan",
        "Scans a table of a receiver. For plans of DuckDB, which copies scans by their name.",
        &["FROM live.spans"],
    ),
];

impl Function {
    /// The function of that name.
    pub fn find(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    /// What it does, for people.
    pub fn description(&self) -> String {
        match self.relation {
            Some(relation) => format!("{} {} {OF_TYPED_FILES}", self.text, relation.comment),
            None => self.text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_use_the_function() {
        for function in &FUNCTIONS {
            // Nobody calls the scan of a table by its name.
            let used = if function.name == "__otlp_scan" { "live." } else { function.name };
            assert!(!function.examples.is_empty(), "{}", function.name);
            for example in function.examples {
                assert!(example.contains(used), "{example}");
            }
        }
    }

    #[test]
    fn readers_say_what_a_row_is() {
        let reader = Function::find("read_otlp_spans").expect("a function");
        assert!(reader.description().contains(SPANS.comment));
        assert!(Function::find("read_otlp_nothing").is_none());
    }
}
