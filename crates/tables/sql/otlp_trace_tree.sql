-- A trace as a tree: each span indented below its parent, with a bar for its time that is as wide as a terminal of 100 columns has room for. `trace` may be the first digits of an id. `spans` names a table or view of spans.
-- Example: FROM otlp_trace_tree('5b8efff798038103d269b633813fc60c', spans := live.spans)
CREATE MACRO otlp_trace_tree(trace, spans := NULL) AS TABLE
    WITH RECURSIVE trace_spans AS (
        SELECT *, coalesce(epoch_ns(start_time_unix_nano), 0) AS start_ns, row_number() OVER () AS number
        FROM __otlp_each_span(spans) WHERE __otlp_is_trace(trace_id, trace)
    ),
    whole AS (
        SELECT min(start_ns) AS start_ns, greatest(max(start_ns + coalesce(duration_ns, 0)) - min(start_ns), 1) AS duration_ns
        FROM trace_spans WHERE start_time_unix_nano IS NOT NULL
    ),
    tree AS (
        SELECT span, 0 AS depth, [(span.start_ns, span.number)] AS place
        FROM trace_spans AS span
        WHERE parent_span_id IS NULL OR parent_span_id NOT IN (SELECT span_id FROM trace_spans WHERE span_id IS NOT NULL)
        UNION ALL
        SELECT child, depth + 1, list_append(place, (child.start_ns, child.number))
        FROM tree JOIN trace_spans AS child ON child.parent_span_id = tree.span.span_id
    ),
    -- What 100 columns leave besides the other columns and the lines between them.
    shown AS (
        SELECT *, repeat('  ', depth) || coalesce(span.name, '') AS text,
               CAST(least(greatest(46 - max(greatest(length(text), 4)) OVER () - max(greatest(length(span.service_name), 7)) OVER (), 10), 40) AS DOUBLE) AS room
        FROM tree
    )
    SELECT text AS span, span.service_name AS service, round(span.duration_ns / 1e6, 3) AS duration_ms, span.status_code AS status,
           repeat(' ', CAST(least(greatest(floor(room * (span.start_ns - whole.start_ns) / whole.duration_ns), 0), room - 1) AS INTEGER))
               || repeat('█', CAST(least(greatest(round(room * coalesce(span.duration_ns, 0) / whole.duration_ns), 1), room) AS INTEGER))
               AS timeline,
           span.span_id AS span_id
    FROM shown, whole ORDER BY place;
