-- The moment that long ago, in UTC as the times of telemetry are, whatever the time zone of the session; one moment for a whole transaction.
-- Example: SELECT name, count(*) FROM live.spans WHERE start_time_unix_nano > otlp_ago(INTERVAL 5 MINUTES) GROUP BY ALL
CREATE MACRO otlp_ago(duration) AS make_timestamp(epoch_us(now())) - CAST(duration AS INTERVAL);
