-- A quantile of a histogram, interpolated within its bucket, by the rules of Prometheus's histogram_quantile; `lowest` and `highest` are its min and max, where they are known.
-- Example: SELECT otlp_histogram_quantile(bucket_counts, explicit_bounds, 0.95, lowest := min, highest := max) FROM live.data_points
CREATE MACRO otlp_histogram_quantile(bucket_counts, explicit_bounds, quantile, lowest := NULL, highest := NULL) AS
    __otlp_quantile({'counts': bucket_counts, 'bounds': CAST(explicit_bounds AS DOUBLE[]),
                     'lowest': CAST(lowest AS DOUBLE), 'highest': CAST(highest AS DOUBLE)}, quantile);
