-- The counts of a histogram in the buckets of `bounds`, which are all bounds of its own. For other macros.
-- Example: SELECT __otlp_coarser([1, 2, 3], [5.0, 10.0], [10.0])
CREATE MACRO __otlp_coarser(bucket_counts, explicit_bounds, bounds) AS
    list_transform(
        list_zip(list_concat(CAST([NULL] AS DOUBLE[]), bounds), list_concat(bounds, CAST([NULL] AS DOUBLE[]))),
        lambda bucket: CAST(coalesce(list_sum(bucket_counts[
            coalesce(list_position(explicit_bounds, bucket[1]), 0) + 1
            :coalesce(list_position(explicit_bounds, bucket[2]), len(bucket_counts))]), 0) AS UBIGINT)
    );
