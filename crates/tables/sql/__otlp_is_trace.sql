-- Whether a trace is meant by an id that may be cut off as a terminal shows it, but not before its eighth digit. For other macros.
-- Example: SELECT __otlp_is_trace('5b8efff798038103d269b633813fc60c', '5b8efff7')
CREATE MACRO __otlp_is_trace(trace_id, given) AS
    trace_id = given OR (length(given) BETWEEN 8 AND 31 AND starts_with(trace_id, given));
