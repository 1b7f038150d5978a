-- What is in here: of each signal and service how many rows, how many of them errors, and of what time. The parameters name tables or views.
-- Example: FROM otlp_summary(spans := live.spans, log_records := live.log_records, data_points := live.data_points)
CREATE MACRO otlp_summary(spans := NULL, log_records := NULL, data_points := NULL) AS TABLE
    SELECT signal, service, count(*) AS rows, CASE WHEN count(failed) > 0 THEN count(*) FILTER (failed) END AS errors,
           date_trunc('second', CAST(min(time) AS TIMESTAMP)) AS first, date_trunc('second', CAST(max(time) AS TIMESTAMP)) AS last
    FROM (
        SELECT 'traces' AS signal, service_name AS service, start_time_unix_nano AS time, status_code = 'ERROR' AS failed
        FROM __otlp_each_span(spans)
        UNION ALL
        SELECT 'logs', service_name, coalesce(time_unix_nano, observed_time_unix_nano), severity_number >= 17
        FROM __otlp_relation('log_records', log_records)
        UNION ALL
        SELECT 'metrics', service_name, time_unix_nano, NULL
        FROM __otlp_relation('data_points', data_points)
    )
    GROUP BY ALL ORDER BY service, signal;
