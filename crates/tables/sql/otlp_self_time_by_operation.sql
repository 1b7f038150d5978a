-- Where the time goes: of each operation the spans, their durations and their self time, in sum. `spans` names a table or view of spans.
-- Example: FROM otlp_self_time_by_operation(spans := live.spans)
CREATE MACRO otlp_self_time_by_operation(spans := NULL) AS TABLE
    SELECT service, span AS operation, count(*) AS spans, round(sum(duration_ms), 3) AS duration_ms,
           round(sum(self_ms), 3) AS self_ms,
           round(quantile_cont(self_ms, 0.95), 3) AS p95_self_ms,
           round(100 * sum(self_ms) / nullif(sum(sum(self_ms)) OVER (), 0), 1) AS percent
    FROM otlp_self_time(spans := spans)
    GROUP BY ALL ORDER BY self_ms DESC, service, operation;
