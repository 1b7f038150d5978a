-- Who calls whom, how often, with how many errors and how long it takes. `spans` names a table or view of spans.
-- Example: FROM otlp_service_map(spans := 'live.spans')
CREATE MACRO otlp_service_map(spans := 'live.spans') AS TABLE
    SELECT parent.service_name AS caller, child.service_name AS callee,
           count(*) AS calls,
           count(*) FILTER (child.status_code = 'ERROR') AS errors,
           round(quantile_cont(child.duration_ns, 0.5) / 1e6, 3) AS p50_ms,
           round(quantile_cont(child.duration_ns, 0.95) / 1e6, 3) AS p95_ms,
           round(quantile_cont(child.duration_ns, 0.99) / 1e6, 3) AS p99_ms
    FROM query_table(spans) AS child JOIN query_table(spans) AS parent
      ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
    WHERE parent.service_name IS DISTINCT FROM child.service_name
    GROUP BY ALL ORDER BY calls DESC, caller, callee;
