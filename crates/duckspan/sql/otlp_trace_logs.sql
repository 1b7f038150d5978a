-- The log records of a trace, oldest first. `log_records` names a table or view of log records.
-- Example: FROM otlp_trace_logs('5b8efff798038103d269b633813fc60c', log_records := 'live.log_records')
CREATE MACRO otlp_trace_logs(trace, log_records := 'live.log_records') AS TABLE
    SELECT coalesce(time_unix_nano, observed_time_unix_nano) AS time, service_name AS service, severity, body_text, attributes, span_id
    FROM query_table(log_records) WHERE trace_id = trace ORDER BY time;
