-- A quantile of a histogram, interpolated within its bucket; `lowest` and `highest` are its min and max, where they are known.
-- Example: SELECT otlp_histogram_quantile(bucket_counts, explicit_bounds, 0.95, lowest := min, highest := max) FROM live.data_points
CREATE MACRO otlp_histogram_quantile(bucket_counts, explicit_bounds, quantile, lowest := NULL, highest := NULL) AS (
    SELECT arg_min(low + (high - low) * greatest(quantile * total - (upto - count), 0) / count, upto)
               FILTER (count > 0 AND upto >= quantile * total)
    FROM (
        SELECT CAST(count AS DOUBLE) AS count,
               CAST(sum(count) OVER (ORDER BY place) AS DOUBLE) AS upto,
               CAST(sum(count) OVER () AS DOUBLE) AS total,
               greatest(coalesce(explicit_bounds[place - 1], lowest, least(0, explicit_bounds[1])), lowest) AS low,
               least(coalesce(explicit_bounds[place], highest, explicit_bounds[-1]), highest) AS high
        FROM (SELECT unnest(bucket_counts) AS count, generate_subscripts(bucket_counts, 1) AS place)
    )
    WHERE quantile BETWEEN 0 AND 1
);
