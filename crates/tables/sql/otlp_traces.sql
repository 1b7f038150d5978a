-- The traces, newest first: when each began, its root, how long all of it took, and how many spans and errors it has. `spans` names a table or view of spans.
-- Example: FROM otlp_traces(spans := live.spans) LIMIT 20
CREATE MACRO otlp_traces(spans := NULL) AS TABLE
    SELECT date_trunc('second', CAST(min(start_time_unix_nano) AS TIMESTAMP)) AS time,
           coalesce(arg_min(place, start_time_unix_nano) FILTER (parent_span_id IS NULL), arg_min(place, start_time_unix_nano), any_value(place)) AS root,
           round((max(epoch_ns(start_time_unix_nano) + greatest(duration_ns, 0)) - min(epoch_ns(start_time_unix_nano))) / 1e6, 3) AS duration_ms,
           count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS errors, trace_id
    FROM (SELECT *, concat_ws(': ', service_name, name) AS place FROM __otlp_each_span(spans) WHERE trace_id IS NOT NULL)
    GROUP BY trace_id ORDER BY min(start_time_unix_nano) DESC NULLS LAST, trace_id;
