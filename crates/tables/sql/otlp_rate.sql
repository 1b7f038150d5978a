-- How fast sums, histograms and summaries grow over time, all instances of a service together: what a series grew by from one point to the next is spread evenly between the two. It begins one bucket before the first point. `data_points` names a table or view of data points, `width` is that of the time buckets.
-- Example: FROM otlp_rate(data_points := live.data_points, width := INTERVAL 5 MINUTES) WHERE metric = 'http.server.requests'
CREATE MACRO otlp_rate(data_points := NULL, width := INTERVAL 1 MINUTE) AS TABLE
    WITH growth AS (
        SELECT service, metric, attributes, increase, coalesce(since, time) AS since, time,
               time_bucket(width, CAST(min(time) OVER () AS TIMESTAMP) - width) AS first
        FROM otlp_increase(data_points := data_points) WHERE increase IS NOT NULL
    ),
    spread AS (
        SELECT *, unnest(generate_series(greatest(time_bucket(width, CAST(since AS TIMESTAMP)), first), CAST(time AS TIMESTAMP), width)) AS bucket
        FROM growth
    ),
    part AS (
        SELECT *, greatest(epoch_ns(since), epoch_ns(bucket)) AS from_ns, least(epoch_ns(time), epoch_ns(bucket + width)) AS until_ns,
               if(since = time, 1, (until_ns - from_ns) / (epoch_ns(time) - epoch_ns(since))) AS share
        FROM spread
        WHERE from_ns < until_ns OR since = time
    )
    SELECT bucket AS time, service, metric, attributes,
           -- As many digits as a terminal of 100 columns has room for.
           CAST(printf('%.8g', sum(share * increase) / nullif((max(until_ns) - min(from_ns)) / 1e9, 0)) AS DOUBLE) AS per_second
    FROM part GROUP BY ALL ORDER BY time, service, metric, attributes;
