-- The data points among rows that were kept as read_otlp and receivers have them, with the columns of read_otlp_data_points. `rows` names a table or view with resource and data; where it has a column signal, that tells rows apart, and else what they hold.
-- Example: FROM otlp_data_points('traces.parquet')
CREATE MACRO otlp_data_points(rows) AS TABLE
    SELECT unnest(typed) FROM (
        SELECT __otlp_data_point(resource, data) AS typed FROM __otlp_rows('data_points', rows) WHERE signal IS NULL OR signal = 'metrics'
    )
    WHERE typed IS NOT NULL;
