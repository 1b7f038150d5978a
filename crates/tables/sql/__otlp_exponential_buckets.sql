-- The buckets of one sign of an exponential histogram as a list with their bounds, at the scale `common` and with the zero bucket up to `zero`. For other macros.
-- Example: SELECT __otlp_exponential_buckets({'offset': 0, 'bucket_counts': [2, 2]}, 1, 0, 0.0, 1)
CREATE MACRO __otlp_exponential_buckets(buckets, scale, common, zero, sign) AS
    list_transform(
        buckets['bucket_counts'],
        lambda count, place: list_transform(
            [floor((buckets['offset'] + place - 1) / pow(2.0, scale - common))],
            lambda index: list_transform(
                [{'near': pow(2.0, index * pow(2.0, -common)),
                  'far': least(pow(2.0, (index + 1) * pow(2.0, -common)), 1.7976931348623157e308)}],
                lambda bound: CASE
                    WHEN bound['far'] <= zero THEN {'low': -zero, 'high': zero, 'before': CAST(0 AS DOUBLE), 'count': CAST(count AS DOUBLE)}
                    WHEN sign < 0 THEN {'low': -bound['far'], 'high': -greatest(bound['near'], zero), 'before': CAST(0 AS DOUBLE), 'count': CAST(count AS DOUBLE)}
                    ELSE {'low': greatest(bound['near'], zero), 'high': bound['far'], 'before': CAST(0 AS DOUBLE), 'count': CAST(count AS DOUBLE)} END
            )[1]
        )[1]
    );
