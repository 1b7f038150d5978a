-- Rate, errors and duration of the operations of each service over time. `spans` names a table or view of spans, `width` is that of the time buckets.
-- Example: FROM otlp_red(spans := 'live.spans', width := INTERVAL 5 MINUTES)
CREATE MACRO otlp_red(spans := 'live.spans', width := INTERVAL 1 MINUTE) AS TABLE
    SELECT time_bucket(width, CAST(start_time_unix_nano AS TIMESTAMP)) AS time, service_name AS service, name AS operation,
           count(*) AS requests,
           count(*) FILTER (status_code = 'ERROR') AS errors,
           round(quantile_cont(duration_ns, 0.5) / 1e6, 3) AS p50_ms,
           round(quantile_cont(duration_ns, 0.95) / 1e6, 3) AS p95_ms,
           round(quantile_cont(duration_ns, 0.99) / 1e6, 3) AS p99_ms
    FROM query_table(spans) WHERE kind IN ('SERVER', 'CONSUMER')
    GROUP BY ALL ORDER BY time, service, operation;
