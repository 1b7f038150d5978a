-- The log records of a trace, oldest first. `trace` may be the first digits of an id. `log_records` names a table or view of log records.
-- Example: FROM otlp_trace_logs('5b8efff798038103d269b633813fc60c', log_records := live.log_records)
CREATE MACRO otlp_trace_logs(trace, log_records := NULL) AS TABLE
    SELECT CAST(coalesce(time_unix_nano, observed_time_unix_nano) AS TIMESTAMP_MS) AS time, service_name AS service, severity,
           coalesce(body_text, event_name) AS message, span_id
    FROM __otlp_relation('log_records', log_records) WHERE __otlp_is_trace(trace_id, trace)
    ORDER BY coalesce(time_unix_nano, observed_time_unix_nano);
