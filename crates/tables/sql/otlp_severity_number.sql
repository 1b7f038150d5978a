-- The number of a severity by its name, in letters of any case: 1 for TRACE, 5 for DEBUG, 9 for INFO, 13 for WARN, 17 for ERROR, 21 for FATAL, each up to 3 more as in WARN2. Another name is an error.
-- Example: SELECT count(*) FROM live.log_records WHERE severity_number >= otlp_severity_number('WARN')
CREATE MACRO otlp_severity_number(severity) AS
    CASE WHEN severity IS NULL THEN NULL
         WHEN upper(severity) = 'UNSPECIFIED' THEN 0
         WHEN regexp_full_match(upper(severity), '(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)[234]?')
             THEN list_position(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'], rtrim(upper(severity), '234')) * 4 - 3
                  + coalesce(TRY_CAST(right(severity, 1) AS INTEGER) - 1, 0)
         ELSE error('"' || severity || '" is no severity: TRACE, DEBUG, INFO, WARN, ERROR and FATAL are, each also with 2, 3 or 4 behind it') END;
