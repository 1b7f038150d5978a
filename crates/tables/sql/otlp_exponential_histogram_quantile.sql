-- A quantile of an exponential histogram, by the rules of Prometheus's histogram_quantile for native histograms; `lowest` and `highest` are its min and max, where they are known.
-- Example: SELECT otlp_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative, 0.95) FROM live.data_points
CREATE MACRO otlp_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative, quantile, lowest := NULL, highest := NULL) AS
    list_transform(
        [__otlp_exponential_quantile(
            [{'scale': scale, 'zero_count': zero_count, 'zero_threshold': zero_threshold,
              'positive': CAST(positive AS STRUCT("offset" INTEGER, bucket_counts UBIGINT[])),
              'negative': CAST(negative AS STRUCT("offset" INTEGER, bucket_counts UBIGINT[]))}],
            quantile)],
        lambda value: CASE WHEN value IS NOT NULL THEN least(greatest(value, lowest), highest) END
    )[1];
