-- The spans that a trace waited for, and for how long: at each moment the one of the longest root's descendants that ended last. `own_ms` adds up to the root's duration. `trace` may be the first digits of an id. `spans` names a table or view of spans.
-- Example: FROM otlp_critical_path('5b8efff798038103d269b633813fc60c', spans := live.spans)
CREATE MACRO otlp_critical_path(trace, spans := NULL) AS TABLE
    WITH RECURSIVE trace_spans AS (
        SELECT span_id, parent_span_id, name, service_name, duration_ns, row_number() OVER () AS number,
               epoch_ns(start_time_unix_nano) AS start_ns, start_ns + duration_ns AS end_ns
        FROM __otlp_each_span(spans) WHERE __otlp_is_trace(trace_id, trace)
    ),
    root AS (
        SELECT * FROM trace_spans
        WHERE parent_span_id IS NULL OR parent_span_id NOT IN (SELECT span_id FROM trace_spans WHERE span_id IS NOT NULL)
        ORDER BY duration_ns DESC NULLS LAST, start_ns, span_id LIMIT 1
    ),
    -- The parent waits for a child until a sibling that ends later starts; from then on it waits for that one.
    waits AS (
        SELECT number, span_id, parent_span_id AS above_id, 1 AS depth, start_ns AS from_ns, least(end_ns, min(start_ns) OVER (
                   PARTITION BY parent_span_id ORDER BY end_ns DESC, start_ns, span_id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS until_ns
        FROM trace_spans WHERE duration_ns > 0 AND parent_span_id IS NOT NULL AND number NOT IN (SELECT number FROM root)
        UNION ALL
        SELECT number, span_id, nullif(span_id, span_id), 0, start_ns, end_ns FROM root
    ),
    -- The trace waits for a span while it waits for all above it. Each round looks twice as far up as the one before, so that
    -- a deep trace needs few; who has not seen the root after the last one is below another root, or in a circle.
    seen AS (
        SELECT *, 0 AS round FROM waits WHERE depth = 0 OR from_ns < until_ns
        UNION ALL
        SELECT near.number, near.span_id, far.above_id, near.depth + coalesce(far.depth, 0),
               greatest(near.from_ns, far.from_ns) AS begin_ns, least(near.until_ns, far.until_ns) AS stop_ns, near.round + 1
        FROM seen AS near LEFT JOIN seen AS far ON far.span_id = near.above_id
        WHERE (near.above_id IS NULL OR far.number IS NOT NULL AND begin_ns < stop_ns)
          AND EXISTS (FROM seen WHERE above_id IS NOT NULL) AND near.round < (SELECT ceil(log2(count(*) + 1)) FROM trace_spans)
    ),
    path AS (
        SELECT span, depth, from_ns, until_ns FROM seen JOIN trace_spans AS span ON span.number = seen.number
        WHERE above_id IS NULL AND round = (SELECT max(round) FROM seen)
    ),
    below AS (SELECT span.parent_span_id AS span_id, sum(until_ns - from_ns) AS ns FROM path WHERE depth > 0 GROUP BY ALL)
    -- What is deeper is not further to the right: of thousands of levels, that would be megabytes of spaces.
    SELECT repeat('  ', least(depth, 100)) || coalesce(span.name, '') AS span, span.service_name AS service,
           round((from_ns - min(from_ns) OVER ()) / 1e6, 3) AS from_ms,
           round(span.duration_ns / 1e6, 3) AS duration_ms,
           round((until_ns - from_ns - coalesce(below.ns, 0)) / 1e6, 3) AS own_ms,
           span.span_id AS span_id
    FROM path LEFT JOIN below ON below.span_id = span.span_id
    ORDER BY from_ns, depth;
