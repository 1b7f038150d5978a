-- The exemplars of data points that have a trace, with their spans. The parameters name tables or views.
-- Example: FROM otlp_exemplar_traces(data_points := live.data_points, spans := live.spans)
CREATE MACRO otlp_exemplar_traces(data_points := NULL, spans := NULL) AS TABLE
    WITH exemplar AS (
        SELECT DISTINCT metric, attributes, exemplar.value AS value, exemplar.trace_id AS trace_id, exemplar.span_id AS span_id
        FROM (SELECT name AS metric, attributes, unnest(exemplars) AS exemplar FROM __otlp_relation('data_points', data_points))
        WHERE exemplar.trace_id IS NOT NULL
    )
    SELECT metric, exemplar.attributes AS attributes, value, exemplar.trace_id AS trace_id,
           span.service_name AS service, span.name AS span, round(span.duration_ns / 1e6, 3) AS duration_ms
    FROM exemplar LEFT JOIN __otlp_each_span(spans) AS span
      ON span.trace_id = exemplar.trace_id AND span.span_id = exemplar.span_id;
