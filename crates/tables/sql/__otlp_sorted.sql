-- Attributes in the order of their keys, so that equal ones are equal as text. For other macros.
-- Example: SELECT __otlp_sorted('{"b":1,"a":2}')
CREATE MACRO __otlp_sorted(attributes) AS
    CAST(map_from_entries(list_sort(map_entries(CAST(CAST(attributes AS JSON) AS MAP(VARCHAR, JSON))))) AS JSON);
