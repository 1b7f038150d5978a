-- A trace as one OTLP/JSON document, to show or to send to somebody. `trace` may be the first digits of an id. `rows` names a table or view of rows as read_otlp and receivers have them.
-- Example: SELECT json FROM otlp_trace_json('5b8efff798038103d269b633813fc60c', live.traces)
CREATE MACRO otlp_trace_json(trace, rows) AS TABLE
    WITH found AS (
        SELECT coalesce('"resource":' || json_merge_patch(resource, '{"schemaUrl":null}') || ',', '') AS resource_head,
               coalesce(',"schemaUrl":' || (resource->'schemaUrl'), '') AS resource_tail,
               coalesce('"scope":' || (data->'scope') || ',', '') AS scope_head,
               coalesce(',"schemaUrl":' || (data->'schemaUrl'), '') AS scope_tail,
               json_merge_patch(data, '{"scope":null,"schemaUrl":null}') AS span,
               TRY_CAST(data->>'startTimeUnixNano' AS UBIGINT) AS start
        FROM __otlp_rows('spans', rows) WHERE __otlp_is_trace(data->>'traceId', trace)
    ), scopes AS (
        SELECT resource_head, resource_tail, min(start) AS start,
               '{' || scope_head || '"spans":[' || string_agg(span, ',' ORDER BY start) || ']' || scope_tail || '}' AS spans
        FROM found GROUP BY resource_head, resource_tail, scope_head, scope_tail
    ), resources AS (
        SELECT min(start) AS start, '{' || resource_head || '"scopeSpans":[' || string_agg(spans, ',' ORDER BY start) || ']' ||
               resource_tail || '}' AS scopes
        FROM scopes GROUP BY resource_head, resource_tail
    )
    SELECT CAST('{"resourceSpans":[' || string_agg(scopes, ',' ORDER BY start) || ']}' AS JSON) AS json
    FROM resources HAVING count(*) > 0;
