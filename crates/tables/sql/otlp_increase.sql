-- By how much each point of a sum, histogram or summary is more than the one before it in its series, cumulative or delta; `since` is when that increase began. What starts anew counts from 0; what cannot be known is NULL. `data_points` names a table or view of data points.
-- Example: FROM otlp_increase(data_points := live.data_points) WHERE metric = 'http.server.requests'
CREATE MACRO otlp_increase(data_points := NULL) AS TABLE
    WITH stored AS (
        FROM __otlp_relation('data_points', data_points)
        WHERE kind <> 'gauge' AND time_unix_nano IS NOT NULL AND coalesce(flags, 0) & 1 = 0
    ),
    label AS (
        SELECT *, __otlp_sorted(resource_attributes) AS resource, __otlp_sorted(attributes) AS sorted
        FROM (SELECT DISTINCT resource_attributes, attributes FROM stored)
    ),
    -- Each point once, however often retries stored it.
    point AS (
        SELECT DISTINCT ON (resource, scope_name, scope_version, scope_attributes, name, unit, kind,
                            aggregation_temporality, is_monotonic, sorted, time_unix_nano)
               stored.* EXCLUDE (attributes), label.resource, label.sorted AS attributes
        FROM stored JOIN label
          ON label.resource_attributes IS NOT DISTINCT FROM stored.resource_attributes
         AND label.attributes IS NOT DISTINCT FROM stored.attributes
    ),
    step AS (
        SELECT *,
               lag({'time': time_unix_nano, 'start': start_time_unix_nano, 'value': value, 'as_int': as_int, 'count': count, 'sum': sum,
                    'bucket_counts': bucket_counts, 'explicit_bounds': explicit_bounds, 'scale': scale, 'zero_count': zero_count,
                    'zero_threshold': zero_threshold, 'positive': positive, 'negative': negative}) OVER (
                   PARTITION BY service_name, service_instance_id, resource, scope_name, scope_version, scope_attributes,
                                name, unit, kind, aggregation_temporality, is_monotonic, attributes
                   ORDER BY time_unix_nano) AS earlier,
               -- A start that is not before its point tells nothing.
               CASE WHEN start_time_unix_nano < time_unix_nano THEN start_time_unix_nano END AS start
        FROM point
    ),
    -- What the earlier point counted already, unless there is another beginning between the two: in buckets that both have.
    grown AS (
        SELECT *,
               earlier IS NOT NULL AND aggregation_temporality IS DISTINCT FROM 'DELTA'
                   AND NOT coalesce(start >= earlier.time AND start IS DISTINCT FROM earlier.start, false) AS goes_on,
               CASE WHEN goes_on AND len(bucket_counts) > 0 AND len(earlier.bucket_counts) > 0
                    THEN if(explicit_bounds = earlier.explicit_bounds, explicit_bounds,
                            list_sort(list_intersect(explicit_bounds, earlier.explicit_bounds))) END AS bounds,
               CASE WHEN bounds IS NOT NULL
                    THEN list_transform(
                        list_zip(__otlp_coarser(bucket_counts, explicit_bounds, bounds),
                                 __otlp_coarser(earlier.bucket_counts, earlier.explicit_bounds, bounds)),
                        lambda counts: CAST(counts[1] AS HUGEINT) - counts[2]) END AS buckets,
               CASE WHEN goes_on AND earlier.scale - scale BETWEEN 0 AND 31 THEN earlier.scale - scale END AS shift,
               CASE WHEN shift IS NOT NULL THEN __otlp_bucket_increase(positive, earlier.positive, shift) END AS above,
               CASE WHEN shift IS NOT NULL THEN __otlp_bucket_increase(negative, earlier.negative, shift) END AS below,
               -- What the zero bucket took in from others when it became wider: whole ones, and parts.
               zero_threshold > earlier.zero_threshold AS widened,
               list_sum(list_concat(earlier.positive.bucket_counts, earlier.negative.bucket_counts))
                   - list_sum(list_concat(positive.bucket_counts, negative.bucket_counts))
                   + list_sum(list_concat(above, below)) AS narrowed,
               list_sum(list_filter(list_concat(above, below), lambda count: count < 0)) AS fallen,
               CAST(zero_count AS HUGEINT) - earlier.zero_count - coalesce(narrowed, 0) + coalesce(fallen, 0) AS zeros
        FROM step
    ),
    known AS (
        SELECT *,
               goes_on AND CASE kind
                   WHEN 'sum' THEN value >= earlier.value OR is_monotonic IS DISTINCT FROM true
                   WHEN 'exponential_histogram' THEN
                       count >= earlier.count AND shift IS NOT NULL AND zeros >= 0
                       AND if(coalesce(narrowed, 0) = 0 AND fallen IS NULL, zero_threshold >= earlier.zero_threshold, widened)
                   ELSE count >= earlier.count AND coalesce(list_min(buckets), 0) >= 0 END AS continues,
               NOT continues AND (start IS NOT NULL OR earlier IS NOT NULL OR aggregation_temporality = 'DELTA') AS begins
        FROM grown
    )
    SELECT time_unix_nano AS time,
           CASE WHEN continues THEN earlier.time
                WHEN aggregation_temporality = 'DELTA' THEN coalesce(start, earlier.time)
                WHEN begins THEN greatest(start, earlier.time)
                WHEN start_time_unix_nano IS NOT NULL THEN time_unix_nano END AS since,
           service_name AS service, service_instance_id AS instance, name AS metric, kind, attributes,
           CASE WHEN continues AND kind = 'sum'
                    THEN coalesce(CAST(CAST(as_int AS HUGEINT) - earlier.as_int AS DOUBLE), value - earlier.value)
                WHEN continues THEN CAST(CAST(count AS HUGEINT) - earlier.count AS DOUBLE)
                WHEN begins THEN if(kind = 'sum', value, CAST(count AS DOUBLE))
                WHEN start_time_unix_nano IS NOT NULL THEN 0 END AS increase,
           increase / nullif((epoch_ns(time_unix_nano) - epoch_ns(since)) / 1e9, 0) AS per_second,
           CASE WHEN continues THEN sum - earlier.sum WHEN begins THEN sum END AS sum,
           CAST(if(continues, buckets, if(begins, CAST(bucket_counts AS HUGEINT[]), NULL)) AS UBIGINT[]) AS bucket_counts,
           if(continues, bounds, explicit_bounds) AS explicit_bounds, scale,
           CAST(if(continues, zeros, if(begins, CAST(zero_count AS HUGEINT), NULL)) AS UBIGINT) AS zero_count, zero_threshold,
           if(continues, {'offset': positive.offset, 'bucket_counts': list_transform(above, lambda count: CAST(greatest(count, 0) AS UBIGINT))}, if(begins, positive, NULL)) AS positive,
           if(continues, {'offset': negative.offset, 'bucket_counts': list_transform(below, lambda count: CAST(greatest(count, 0) AS UBIGINT))}, if(begins, negative, NULL)) AS negative
    FROM known;
