-- A quantile of an exponential histogram, interpolated within its bucket; `lowest` and `highest` are its min and max, where they are known.
-- Example: SELECT otlp_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative, 0.95) FROM live.data_points
CREATE MACRO otlp_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative, quantile, lowest := NULL, highest := NULL) AS (
    SELECT least(greatest(arg_min(
               CASE WHEN near = 0 THEN -far + 2 * far * part
                    WHEN is_negative THEN -far * pow(near / far, part)
                    ELSE near * pow(far / near, part) END, upto)
               FILTER (count > 0 AND upto >= quantile * total), lowest), highest)
    FROM (
        SELECT *, greatest(quantile * total - (upto - count), 0) / count AS part
        FROM (
            SELECT count, is_negative, near, far,
                   sum(count) OVER (ORDER BY CASE WHEN is_negative THEN -far ELSE far END) AS upto,
                   sum(count) OVER () AS total
            FROM (
                SELECT CAST(unnest(struct_extract(positive, 'bucket_counts')) AS DOUBLE) AS count, false AS is_negative,
                       pow(2.0, (struct_extract(positive, 'offset') + generate_subscripts(struct_extract(positive, 'bucket_counts'), 1) - 1) * pow(2.0, -scale)) AS near,
                       pow(2.0, (struct_extract(positive, 'offset') + generate_subscripts(struct_extract(positive, 'bucket_counts'), 1)) * pow(2.0, -scale)) AS far
                UNION ALL
                SELECT CAST(unnest(struct_extract(negative, 'bucket_counts')) AS DOUBLE), true,
                       pow(2.0, (struct_extract(negative, 'offset') + generate_subscripts(struct_extract(negative, 'bucket_counts'), 1) - 1) * pow(2.0, -scale)),
                       pow(2.0, (struct_extract(negative, 'offset') + generate_subscripts(struct_extract(negative, 'bucket_counts'), 1)) * pow(2.0, -scale))
                UNION ALL
                SELECT CAST(zero_count AS DOUBLE), false, 0.0, zero_threshold
            )
        )
    )
    WHERE quantile BETWEEN 0 AND 1
);
