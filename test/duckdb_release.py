"""What differs between the releases of DuckDB that tests run with."""

import duckdb

# Later ones detach a database that the transaction has used, and forget that it did.
REFUSES_DETACH_OF_WHAT_WAS_READ = duckdb.__version__ == "2.0.0"

# One that DuckSpan is not built for.
UNSUPPORTED = "1.5.6"

# 2.0.0 lists databases that are just being detached as if they were whole, its own too, and ends
# in an internal error: ATTACH ':memory:' and DETACH beside SHOW ALL TABLES is enough.
LISTS_BESIDE_DETACH = duckdb.__version__ != "2.0.0"
