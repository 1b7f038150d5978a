-- The spans among rows that were kept as read_otlp and receivers have them, with the columns of read_otlp_spans. `rows` names a table or view with resource and data; where it has a column signal, that tells rows apart, and else what they hold.
-- Example: FROM otlp_spans('traces.parquet')
CREATE MACRO otlp_spans(rows) AS TABLE
    SELECT unnest(typed) FROM (
        SELECT __otlp_span(resource, data) AS typed FROM __otlp_rows('spans', rows) WHERE signal IS NULL OR signal = 'traces'
    )
    WHERE typed IS NOT NULL;
