-- The log records, newest first: when, by whom, how severe and what; only those that are as severe as `at_least`. `log_records` names a table or view of log records.
-- Example: FROM otlp_logs(log_records := live.log_records, at_least := 'WARN') LIMIT 20
CREATE MACRO otlp_logs(log_records := NULL, at_least := NULL) AS TABLE
    SELECT CAST(coalesce(time_unix_nano, observed_time_unix_nano) AS TIMESTAMP_MS) AS time, service_name AS service, severity,
           coalesce(body_text, event_name) AS message
    FROM __otlp_relation('log_records', log_records)
    WHERE at_least IS NULL OR severity_number >= otlp_severity_number(at_least)
    ORDER BY coalesce(time_unix_nano, observed_time_unix_nano) DESC NULLS LAST;
