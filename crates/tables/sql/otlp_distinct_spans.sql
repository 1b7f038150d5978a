-- Each span once, however often a sender's retries stored it: of rows with equal trace_id and span_id one is taken. `spans` names a table or view of spans.
-- Example: SELECT service_name, count(*) FROM otlp_distinct_spans(spans := live.spans) GROUP BY ALL
CREATE MACRO otlp_distinct_spans(spans := NULL) AS TABLE
    SELECT DISTINCT ON (trace_id, span_id, CASE WHEN trace_id IS NULL OR span_id IS NULL THEN uuid() END) *
    FROM __otlp_relation('spans', spans);
