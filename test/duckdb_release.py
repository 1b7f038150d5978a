"""What differs between the releases of DuckDB that tests run with."""

import duckdb

# Later ones detach a database that the transaction has used, and forget that it did.
REFUSES_DETACH_OF_WHAT_WAS_READ = duckdb.__version__ == "2.0.0"

# One that DuckSpan is not built for.
UNSUPPORTED = "1.5.6"
