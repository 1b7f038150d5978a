-- How much each bucket of one sign of an exponential histogram holds more than that of an earlier one, whose buckets are 2^shift times as fine. For other macros.
-- Example: SELECT __otlp_bucket_increase({'offset': 0, 'bucket_counts': [5, 1]}, {'offset': 0, 'bucket_counts': [1, 2, 1]}, 1)
CREATE MACRO __otlp_bucket_increase(buckets, earlier, shift) AS
    list_transform(
        buckets['bucket_counts'],
        lambda count, place: CAST(count AS HUGEINT) - coalesce(list_sum(earlier['bucket_counts'][
            greatest((CAST(buckets['offset'] AS BIGINT) + place - 1) * CAST(pow(2, shift) AS BIGINT) - earlier['offset'] + 1, 1)
            :greatest((CAST(buckets['offset'] AS BIGINT) + place) * CAST(pow(2, shift) AS BIGINT) - earlier['offset'], 0)]), 0)
    );
