-- An aggregate: a quantile of many exponential histograms together, as of all instances of a service, at the coarsest scale among them.
-- Example: SELECT name, otlp_merged_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative, 0.95) FROM live.data_points GROUP BY name
CREATE MACRO otlp_merged_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative, quantile) AS
    __otlp_exponential_quantile(
        list({'scale': scale, 'zero_count': zero_count, 'zero_threshold': zero_threshold,
              'positive': CAST(positive AS STRUCT("offset" INTEGER, bucket_counts UBIGINT[])),
              'negative': CAST(negative AS STRUCT("offset" INTEGER, bucket_counts UBIGINT[]))}),
        quantile);
