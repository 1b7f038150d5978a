-- What otlp_distinct_spans is for people, for other macros: DuckDB takes a macro over a view that uses it for endless recursion.
-- Example: FROM __otlp_each_span(live.spans)
CREATE MACRO __otlp_each_span(spans) AS TABLE
    SELECT DISTINCT ON (trace_id, span_id, CASE WHEN trace_id IS NULL OR span_id IS NULL THEN uuid() END) *
    FROM __otlp_relation('spans', spans);
