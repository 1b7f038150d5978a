-- Which messages are logged most: those that differ only in numbers, ids and the like are one, with * for what differs. `log_records` names a table or view of log records.
-- Example: FROM otlp_messages(log_records := live.log_records) LIMIT 20
CREATE MACRO otlp_messages(log_records := NULL) AS TABLE
    SELECT count(*) AS records, service_name AS service, severity, otlp_message_shape(coalesce(body_text, event_name)) AS message,
           date_trunc('second', CAST(max(coalesce(time_unix_nano, observed_time_unix_nano)) AS TIMESTAMP)) AS last
    FROM __otlp_relation('log_records', log_records)
    GROUP BY ALL ORDER BY records DESC, service, severity, message;
