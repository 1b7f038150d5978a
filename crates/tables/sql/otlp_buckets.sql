-- How many measurements fell into each bucket of histograms of both kinds over time, all series of a service with equal attributes together. `low` and `high` are the bounds of a bucket, NULL where it has none. `data_points` names a table or view of data points, `width` is that of the time buckets.
-- Example: FROM otlp_buckets(data_points := live.data_points) WHERE metric = 'http.server.request.duration'
CREATE MACRO otlp_buckets(data_points := NULL, width := INTERVAL 1 MINUTE) AS TABLE
    SELECT time_bucket(width, CAST(time AS TIMESTAMP)) AS time, service, metric, attributes,
           bucket.low AS low, bucket.high AS high, CAST(sum(bucket.count) AS BIGINT) AS count
    FROM (
        SELECT time, service, metric, attributes, unnest(list_concat(
            list_transform(bucket_counts, lambda count, place: {'low': explicit_bounds[place - 1], 'high': explicit_bounds[place], 'count': CAST(count AS DOUBLE)}),
            CASE WHEN zero_count > 0 THEN [{'low': -coalesce(zero_threshold, 0), 'high': coalesce(zero_threshold, CAST(0 AS DOUBLE)), 'count': CAST(zero_count AS DOUBLE)}] END,
            list_transform(
                list_concat(__otlp_exponential_buckets(positive, scale, scale, coalesce(zero_threshold, 0), 1),
                            __otlp_exponential_buckets(negative, scale, scale, coalesce(zero_threshold, 0), -1)),
                lambda bucket: {'low': bucket['low'], 'high': bucket['high'], 'count': bucket['count']}))) AS bucket
        FROM otlp_increase(data_points := data_points)
        WHERE kind IN ('histogram', 'exponential_histogram') AND increase > 0
    )
    WHERE bucket.count > 0
    GROUP BY ALL ORDER BY time, service, metric, attributes, low NULLS FIRST;
