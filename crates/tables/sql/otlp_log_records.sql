-- The log records among rows that were kept as read_otlp and receivers have them, with the columns of read_otlp_log_records. `rows` names a table or view with resource and data; where it has a column signal, that tells rows apart, and else what they hold.
-- Example: FROM otlp_log_records('traces.parquet')
CREATE MACRO otlp_log_records(rows) AS TABLE
    SELECT unnest(typed) FROM (
        SELECT __otlp_log_record(resource, data) AS typed FROM __otlp_rows('log_records', rows) WHERE signal IS NULL OR signal = 'logs'
    )
    WHERE typed IS NOT NULL;
