-- What series of metrics there are, with the last value of each that any instance sent: a number in its unit, or how many measurements there are of what mean. `data_points` names a table or view of data points.
-- Example: FROM otlp_metrics(data_points := live.data_points)
CREATE MACRO otlp_metrics(data_points := NULL) AS TABLE
    SELECT service, metric, CAST(attributes AS VARCHAR) AS attributes,
           concat_ws(' ', CASE WHEN point.count IS NOT NULL THEN printf('%d of mean', point.count) END,
                          printf('%.6g', coalesce(point.value, point.sum / nullif(point.count, 0))), nullif(unit, '1')) AS last
    FROM (
        SELECT service_name AS service, name AS metric, unit, attributes,
               arg_max({'value': value, 'count': count, 'sum': sum}, time_unix_nano) AS point
        FROM __otlp_relation('data_points', data_points)
        WHERE coalesce(flags, 0) & 1 = 0
        GROUP BY ALL
    )
    ORDER BY service, metric, attributes;
