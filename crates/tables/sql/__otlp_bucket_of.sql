-- Of buckets in order, each with `low`, `high`, `count` and 0 as `before`, the one in which `rank` values are reached; `before` becomes the values before it. Equal buckets are one. For other macros.
-- Example: SELECT __otlp_bucket_of([{'low': 0.0, 'high': 1.0, 'before': 0.0, 'count': 2.0}], 1)
CREATE MACRO __otlp_bucket_of(buckets, rank) AS
    list_reduce(
        list_filter(buckets, lambda bucket: bucket['count'] > 0),
        lambda found, bucket: CASE
            WHEN bucket['low'] = found['low'] AND bucket['high'] = found['high']
                THEN {'low': found['low'], 'high': found['high'], 'before': found['before'], 'count': found['count'] + bucket['count']}
            WHEN found['before'] + found['count'] >= rank AND found['count'] > 0 THEN found
            ELSE {'low': bucket['low'], 'high': bucket['high'], 'before': found['before'] + found['count'], 'count': bucket['count']}
        END,
        {'low': CAST(NULL AS DOUBLE), 'high': CAST(NULL AS DOUBLE), 'before': CAST(0 AS DOUBLE), 'count': CAST(0 AS DOUBLE)}
    );
