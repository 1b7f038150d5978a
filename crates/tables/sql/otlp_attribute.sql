-- The text of the first attribute with that key, of the data of read_otlp or of live.traces, live.metrics and live.logs; NULL if there is none.
-- Example: SELECT otlp_attribute(data, 'http.route'), count(*) FROM read_otlp('traces.jsonl') GROUP BY ALL
CREATE MACRO otlp_attribute(data, key) AS
    json_extract_string(
        list_extract(
            list_filter(
                CAST(coalesce(
                    json_extract(data, '$.attributes'),
                    list_extract(json_extract(data, '$.*.dataPoints[0].attributes'), 1)
                ) AS JSON[]),
                lambda attribute: (attribute ->> '$.key') = key
            ),
            1
        ),
        '$.value.*'
    )[1];
