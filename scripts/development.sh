#!/usr/bin/env bash
# Makes build/duckspan.duckdb_extension of what cargo built, for the DuckDB of build/venv.
#
# Usage: development.sh SHARED_OBJECT DUCKDB_VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
library=$PWD/build/link/libduckspan.so
loader=build/link/loader.so
# A process may have the old file mapped: replace it rather than write into it.
cp "$1" "$library.new"
mv "$library.new" "$library"
"${CXX:-c++}" -std=c++17 -O1 -Wall -Wextra -Werror -fPIC -shared \
	"-DHOST=\"$(readlink build/link/libduckdb.so)\"" "-DLIBRARY=\"$library\"" \
	crates/duckspan/development/loader.cpp -o "$loader" -ldl
python3 scripts/package.py "$loader" "$2" build
