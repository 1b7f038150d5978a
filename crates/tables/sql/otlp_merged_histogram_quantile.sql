-- An aggregate: a quantile of many histograms together, as of all instances of a service. Of buckets that differ, those that all have in common count.
-- Example: SELECT name, otlp_merged_histogram_quantile(bucket_counts, explicit_bounds, 0.95) FROM live.data_points WHERE kind = 'histogram' GROUP BY name
CREATE MACRO otlp_merged_histogram_quantile(bucket_counts, explicit_bounds, quantile) AS
    __otlp_quantile(
        list_transform(
            [list_filter(
                list({'counts': bucket_counts, 'bounds': CAST(explicit_bounds AS DOUBLE[])}),
                lambda histogram: len(histogram['counts']) > 0)],
            lambda histograms: list_transform(
                [list_sort(list_reduce(
                    list_distinct(list_transform(histograms, lambda histogram: histogram['bounds'])),
                    lambda common, bounds: coalesce(list_intersect(common, bounds), bounds), CAST(NULL AS DOUBLE[])))],
                lambda common: {
                    'counts': list_transform(
                        range(1, len(common) + 2),
                        lambda place: list_sum(list_transform(
                            list_transform(histograms, lambda histogram: __otlp_coarser(histogram['counts'], histogram['bounds'], common)),
                            lambda counts: counts[place]))),
                    'bounds': common, 'lowest': CAST(NULL AS DOUBLE), 'highest': CAST(NULL AS DOUBLE)}
            )[1]
        )[1],
        quantile
    );
