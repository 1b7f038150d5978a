-- A quantile of a histogram, interpolated within its bucket. For other macros, which give it the histogram as a struct.
-- Example: SELECT __otlp_quantile({'counts': [10, 10, 0], 'bounds': [10.0, 20.0], 'lowest': NULL, 'highest': NULL}, 0.5)
CREATE MACRO __otlp_quantile(histogram, quantile) AS
    list_transform(
        [histogram],
        lambda whole: list_transform(
            [__otlp_bucket_of(
                list_transform(whole['counts'], lambda count, place: {
                    'low': CAST(place AS DOUBLE), 'high': CAST(place AS DOUBLE), 'before': CAST(0 AS DOUBLE), 'count': CAST(count AS DOUBLE)}),
                quantile * list_sum(whole['counts']))],
            lambda bucket: CASE WHEN quantile BETWEEN 0 AND 1 THEN list_transform(
                [{'low': greatest(coalesce(whole['bounds'][CAST(bucket['low'] AS BIGINT) - 1], whole['lowest'], least(0, whole['bounds'][1])), whole['lowest']),
                  'high': least(coalesce(whole['bounds'][CAST(bucket['low'] AS BIGINT)], whole['highest'], whole['bounds'][-1]), whole['highest'])}],
                lambda between: between['low'] + (between['high'] - between['low'])
                    * greatest(quantile * list_sum(whole['counts']) - bucket['before'], 0) / nullif(bucket['count'], 0)
            )[1] END
        )[1]
    )[1];
