-- The spans that failed, newest first: when, where and with what error, which is the last exception or else what the status or the attributes say. `spans` names a table or view of spans.
-- Example: FROM otlp_errors(spans := live.spans) LIMIT 20
CREATE MACRO otlp_errors(spans := NULL) AS TABLE
    SELECT date_trunc('second', CAST(start_time_unix_nano AS TIMESTAMP)) AS time, concat_ws(': ', service_name, name) AS span,
           coalesce(
               nullif(concat_ws(': ', exception.attributes->>'exception.type', exception.attributes->>'exception.message'), ''),
               status_message, attributes->>'error.type', attributes->>'http.response.status_code') AS error,
           trace_id
    FROM (
        SELECT DISTINCT ON (trace_id, span_id, CASE WHEN trace_id IS NULL OR span_id IS NULL THEN uuid() END)
               *, list_filter(events, lambda event: struct_extract(event, 'name') = 'exception')[-1] AS exception
        FROM __otlp_relation('spans', spans) WHERE status_code = 'ERROR'
    )
    ORDER BY start_time_unix_nano DESC NULLS LAST, trace_id, span_id;
