-- The spans that a trace waited for: from the longest root down, at each step the child that ended last. `spans` names a table or view of spans.
-- Example: FROM otlp_critical_path('5b8efff798038103d269b633813fc60c', spans := 'live.spans')
CREATE MACRO otlp_critical_path(trace, spans := 'live.spans') AS TABLE
    WITH RECURSIVE trace_spans AS (
        SELECT span_id, parent_span_id, name, service_name, duration_ns,
               epoch_ns(start_time_unix_nano) AS start_ns,
               epoch_ns(start_time_unix_nano) + coalesce(duration_ns, 0) AS end_ns
        FROM query_table(spans) WHERE trace_id = trace
    ),
    path AS (
        (SELECT span, 0 AS depth FROM trace_spans AS span
         WHERE parent_span_id IS NULL OR parent_span_id NOT IN (SELECT span_id FROM trace_spans WHERE span_id IS NOT NULL)
         ORDER BY duration_ns DESC LIMIT 1)
        UNION ALL
        (SELECT child, depth + 1 FROM path JOIN trace_spans AS child ON child.parent_span_id = path.span.span_id
         WHERE depth < 100
         QUALIFY row_number() OVER (ORDER BY child.end_ns DESC, child.start_ns) = 1)
    )
    SELECT depth, span.service_name AS service, span.name AS span,
           round(span.duration_ns / 1e6, 3) AS duration_ms,
           round((span.duration_ns - coalesce(lead(span.duration_ns) OVER (ORDER BY depth), 0)) / 1e6, 3) AS own_ms,
           span.span_id AS span_id
    FROM path ORDER BY depth;
