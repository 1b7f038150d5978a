-- What share of its requests each version of a service fails, in each environment: of spans of servers and consumers, and of those without a parent. `spans` names a table or view of spans.
-- Example: FROM otlp_deployments(spans := live.spans)
CREATE MACRO otlp_deployments(spans := NULL) AS TABLE
    SELECT service, version, environment, count(*) AS requests, count(*) FILTER (status_code = 'ERROR') AS errors,
           round(100 * errors / requests, 1) AS percent
    FROM (
        SELECT DISTINCT ON (trace_id, span_id, CASE WHEN trace_id IS NULL OR span_id IS NULL THEN uuid() END)
               service_name AS service, resource_attributes->>'service.version' AS version, status_code,
               coalesce(resource_attributes->>'deployment.environment.name', resource_attributes->>'deployment.environment') AS environment
        FROM __otlp_relation('spans', spans) WHERE kind IN ('SERVER', 'CONSUMER') OR parent_span_id IS NULL
    )
    GROUP BY ALL ORDER BY service, environment, version;
