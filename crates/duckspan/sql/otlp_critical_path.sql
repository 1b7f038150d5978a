-- The spans that a trace waited for, and for how long: at each moment the one of the longest root's descendants that ended last. `own_ms` adds up to the root's duration. `trace` may be the first digits of an id. `spans` names a table or view of spans.
-- Example: FROM otlp_critical_path('5b8efff798038103d269b633813fc60c', spans := live.spans)
CREATE MACRO otlp_critical_path(trace, spans := NULL) AS TABLE
    WITH RECURSIVE trace_spans AS (
        SELECT span_id, parent_span_id, name, service_name, duration_ns,
               epoch_ns(start_time_unix_nano) AS start_ns, start_ns + duration_ns AS end_ns
        FROM __otlp_each_span(spans) WHERE __otlp_is_trace(trace_id, trace)
    ),
    -- The parent waits for a child until a sibling that ends later starts; from then on it waits for that one.
    children AS (
        SELECT span, least(span.end_ns, min(span.start_ns) OVER (
                   PARTITION BY span.parent_span_id ORDER BY span.end_ns DESC, span.start_ns, span.span_id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS until_ns
        FROM trace_spans AS span WHERE span.duration_ns > 0
    ),
    path AS (
        (SELECT span, span.start_ns AS from_ns, span.end_ns AS until_ns, [span.start_ns] AS place
         FROM trace_spans AS span
         WHERE parent_span_id IS NULL OR parent_span_id NOT IN (SELECT span_id FROM trace_spans WHERE span_id IS NOT NULL)
         ORDER BY duration_ns DESC NULLS LAST, start_ns, span_id LIMIT 1)
        UNION ALL
        (SELECT child.span, greatest(child.span.start_ns, path.from_ns) AS begin_ns, least(child.until_ns, path.until_ns) AS stop_ns,
                list_append(place, begin_ns)
         FROM path JOIN children AS child ON child.span.parent_span_id = path.span.span_id
         WHERE begin_ns < stop_ns)
    ),
    below AS (SELECT span.parent_span_id AS span_id, sum(until_ns - from_ns) AS ns FROM path WHERE len(place) > 1 GROUP BY ALL)
    SELECT repeat('  ', len(place) - 1) || coalesce(span.name, '') AS span, span.service_name AS service,
           round((from_ns - min(from_ns) OVER ()) / 1e6, 3) AS from_ms,
           round(span.duration_ns / 1e6, 3) AS duration_ms,
           round((until_ns - from_ns - coalesce(below.ns, 0)) / 1e6, 3) AS own_ms,
           span.span_id AS span_id
    FROM path LEFT JOIN below ON below.span_id = span.span_id
    ORDER BY place;
