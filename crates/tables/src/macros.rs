//! The SQL functions that are written in SQL: one file each in `sql/`, which says what it is.

/// A file begins with a line that describes the function and one with an example.
const SOURCES: &[&str] = &[
    include_str!("../sql/__otlp_bucket_increase.sql"),
    include_str!("../sql/__otlp_bucket_of.sql"),
    include_str!("../sql/__otlp_coarser.sql"),
    include_str!("../sql/__otlp_each_span.sql"),
    include_str!("../sql/__otlp_exponential_buckets.sql"),
    include_str!("../sql/__otlp_exponential_quantile.sql"),
    include_str!("../sql/__otlp_is_trace.sql"),
    include_str!("../sql/__otlp_quantile.sql"),
    include_str!("../sql/__otlp_sorted.sql"),
    include_str!("../sql/otlp_ago.sql"),
    include_str!("../sql/otlp_attribute.sql"),
    include_str!("../sql/otlp_buckets.sql"),
    include_str!("../sql/otlp_critical_path.sql"),
    include_str!("../sql/otlp_data_points.sql"),
    include_str!("../sql/otlp_deployments.sql"),
    include_str!("../sql/otlp_distinct_spans.sql"),
    include_str!("../sql/otlp_errors.sql"),
    include_str!("../sql/otlp_exemplar_traces.sql"),
    include_str!("../sql/otlp_exponential_histogram_quantile.sql"),
    include_str!("../sql/otlp_histogram_quantile.sql"),
    include_str!("../sql/otlp_increase.sql"),
    include_str!("../sql/otlp_log_records.sql"),
    include_str!("../sql/otlp_logs.sql"),
    include_str!("../sql/otlp_merged_exponential_histogram_quantile.sql"),
    include_str!("../sql/otlp_merged_histogram_quantile.sql"),
    include_str!("../sql/otlp_message_shape.sql"),
    include_str!("../sql/otlp_messages.sql"),
    include_str!("../sql/otlp_metrics.sql"),
    include_str!("../sql/otlp_rate.sql"),
    include_str!("../sql/otlp_red.sql"),
    include_str!("../sql/otlp_self_time.sql"),
    include_str!("../sql/otlp_self_time_by_operation.sql"),
    include_str!("../sql/otlp_service_map.sql"),
    include_str!("../sql/otlp_severity_number.sql"),
    include_str!("../sql/otlp_spans.sql"),
    include_str!("../sql/otlp_summary.sql"),
    include_str!("../sql/otlp_trace_json.sql"),
    include_str!("../sql/otlp_trace_logs.sql"),
    include_str!("../sql/otlp_trace_tree.sql"),
    include_str!("../sql/otlp_traces.sql"),
];

/// A function written in SQL.
pub struct Macro {
    /// `CREATE MACRO …`.
    pub sql: &'static str,
    /// What it does, for people.
    pub description: &'static str,
    /// A statement that uses it.
    pub example: &'static str,
}

/// Every such function.
pub fn all() -> impl ExactSizeIterator<Item = Macro> {
    SOURCES.iter().map(|sql| {
        let mut lines = sql.lines();
        let mut comment =
            |mark| lines.next().and_then(|line| line.strip_prefix(mark)).unwrap_or("");
        Macro { sql, description: comment("-- "), example: comment("-- Example: ") }
    })
}
