-- How long each span did what none of its children did: its duration less what they cover together. `trace` is as much of its trace's id as tells it from others. `spans` names a table or view of spans.
-- Example: FROM otlp_self_time(spans := live.spans) ORDER BY self_ms DESC LIMIT 20
CREATE MACRO otlp_self_time(spans := NULL) AS TABLE
    WITH each AS (
        SELECT trace_id, span_id, parent_span_id, service_name, name, duration_ns,
               epoch_ns(start_time_unix_nano) AS start_ns, start_ns + duration_ns AS end_ns
        FROM __otlp_each_span(spans)
    ),
    overlap AS (
        SELECT parent.trace_id, parent.span_id,
               greatest(child.start_ns, parent.start_ns) AS from_ns, least(child.end_ns, parent.end_ns) AS until_ns
        FROM each AS child JOIN each AS parent
          ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
        WHERE child.duration_ns > 0 AND parent.duration_ns > 0 AND from_ns < until_ns
    ),
    -- What an earlier child covers counts once.
    added AS (
        SELECT trace_id, span_id, until_ns - greatest(from_ns, max(until_ns) OVER (
                   PARTITION BY trace_id, span_id ORDER BY from_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS ns
        FROM overlap
    ),
    covered AS (SELECT trace_id, span_id, sum(ns) FILTER (ns > 0) AS ns FROM added GROUP BY ALL)
    SELECT service_name AS service, name AS span, round(duration_ns / 1e6, 3) AS duration_ms,
           round((greatest(duration_ns, 0) - coalesce(covered.ns, 0)) / 1e6, 3) AS self_ms,
           each.span_id AS span_id, left(each.trace_id, 16) AS trace
    FROM each LEFT JOIN covered ON covered.trace_id = each.trace_id AND covered.span_id = each.span_id;
