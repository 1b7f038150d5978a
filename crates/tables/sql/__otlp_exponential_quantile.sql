-- A quantile of a list of exponential histograms together, by the rules that Prometheus has for native histograms. For other macros.
-- Example: SELECT __otlp_exponential_quantile([{'scale': 0, 'zero_count': 6, 'zero_threshold': 0.5, 'positive': {'offset': 0, 'bucket_counts': [2, 2]}, 'negative': {'offset': 0, 'bucket_counts': []}}], 0.25)
CREATE MACRO __otlp_exponential_quantile(histograms, quantile) AS
    list_transform(
        -- Of histograms that differ, the coarsest scale and the widest zero bucket are those of all.
        [{'each': histograms,
          'scale': list_min(list_transform(histograms, lambda histogram: histogram['scale'])),
          'zero': list_max(list_transform(histograms, lambda histogram: coalesce(CAST(histogram['zero_threshold'] AS DOUBLE), 0)))}],
        lambda given: list_transform(
            [list_sort(list_filter(
                flatten(list_transform(given['each'], lambda histogram: list_concat(
                    __otlp_exponential_buckets(histogram['negative'], histogram['scale'], given['scale'], given['zero'], -1),
                    [{'low': -given['zero'], 'high': given['zero'], 'before': CAST(0 AS DOUBLE), 'count': CAST(histogram['zero_count'] AS DOUBLE)}],
                    __otlp_exponential_buckets(histogram['positive'], histogram['scale'], given['scale'], given['zero'], 1)))),
                lambda bucket: bucket['count'] > 0))],
            lambda buckets: list_transform(
                [{'total': list_sum(list_transform(buckets, lambda bucket: bucket['count'])),
                  'below': buckets[1]['low'] < -given['zero'], 'above': buckets[-1]['high'] > given['zero']}],
                lambda whole: list_transform(
                    -- Counted from the end that is nearer.
                    [if(quantile < 0.5, __otlp_bucket_of(buckets, quantile * whole['total']),
                        __otlp_bucket_of(list_reverse(buckets), (1 - quantile) * whole['total']))],
                    lambda bucket: list_transform(
                        [if(quantile < 0.5, quantile * whole['total'] - bucket['before'],
                            bucket['before'] + bucket['count'] - (1 - quantile) * whole['total']) / nullif(bucket['count'], 0)],
                        lambda part: CASE
                            WHEN NOT quantile BETWEEN 0 AND 1 THEN NULL
                            WHEN bucket['low'] > 0 THEN pow(2.0, log2(bucket['low']) + (log2(bucket['high']) - log2(bucket['low'])) * part)
                            WHEN bucket['high'] < 0 THEN -pow(2.0, log2(-bucket['low']) + (log2(-bucket['high']) - log2(-bucket['low'])) * part)
                            -- The zero bucket has values of a sign that no other bucket has only if no other has any.
                            WHEN whole['above'] AND NOT whole['below'] THEN bucket['high'] * part
                            WHEN whole['below'] AND NOT whole['above'] THEN bucket['low'] * (1 - part)
                            ELSE bucket['low'] + (bucket['high'] - bucket['low']) * part END
                    )[1]
                )[1]
            )[1]
        )[1]
    )[1];
