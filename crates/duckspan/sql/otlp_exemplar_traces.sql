-- The exemplars of data points that have a trace, with their spans. The parameters name tables or views.
-- Example: FROM otlp_exemplar_traces(data_points := 'live.data_points', spans := 'live.spans')
CREATE MACRO otlp_exemplar_traces(data_points := 'live.data_points', spans := 'live.spans') AS TABLE
    WITH exemplar AS (
        SELECT name AS metric, attributes, unnest(exemplars) AS exemplar FROM query_table(data_points)
    )
    SELECT metric, exemplar.attributes AS attributes, exemplar.exemplar.value AS value, exemplar.exemplar.trace_id AS trace_id,
           span.service_name AS service, span.name AS span, round(span.duration_ns / 1e6, 3) AS duration_ms
    FROM exemplar LEFT JOIN query_table(spans) AS span
      ON span.trace_id = exemplar.exemplar.trace_id AND span.span_id = exemplar.exemplar.span_id
    WHERE exemplar.exemplar.trace_id IS NOT NULL;
