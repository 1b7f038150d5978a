-- Rate, errors and duration over time of what each service was asked to do: of spans of servers and consumers, and of those without a parent. `spans` names a table or view of spans, `width` is that of the time buckets.
-- Example: FROM otlp_red(spans := live.spans, width := INTERVAL 5 MINUTES)
CREATE MACRO otlp_red(spans := NULL, width := INTERVAL 1 MINUTE) AS TABLE
    SELECT time_bucket(width, CAST(start_time_unix_nano AS TIMESTAMP)) AS time, service_name AS service, name AS operation,
           count(*) AS requests,
           count(*) FILTER (status_code = 'ERROR') AS errors,
           round(quantile_cont(duration_ns, 0.95) / 1e6, 3) AS p95_ms,
           round(quantile_cont(duration_ns, 0.99) / 1e6, 3) AS p99_ms
    FROM __otlp_each_span(spans)
    WHERE kind IN ('SERVER', 'CONSUMER') OR parent_span_id IS NULL
    GROUP BY ALL ORDER BY time, service, operation;
