#!/usr/bin/env bash
# Builds the extension with DuckDB linked in, by DuckDB's own build, for one version of DuckDB:
#     build/release/vVERSION/PLATFORM/duckspan.duckdb_extension, and compressed in build/repository
#
# Usage: release.sh DUCKDB_VERSION DUCKDB_SOURCE BUILD_FOLDER PROFILE
#     PROFILE is `release`, or `dev`: the same, but that DuckDB is not optimized, which is quicker.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1 source=$2 folder=$3 profile=$4
options=(
	-DCMAKE_BUILD_TYPE=Release
	-DDUCKDB_EXTENSION_CONFIGS="$PWD/extension_config.cmake"
	-DDUCKDB_EXPLICIT_VERSION="v$version"
	-DEXTENSION_STATIC_BUILD=ON
	# Any processor that DuckDB's own extensions run on.
	-DDUCKDB_OPTIMIZATION_PROFILE=EXTENSION
	# The extensions, programs and allocator of DuckDB itself are not part of ours.
	"-DSKIP_EXTENSIONS=core_functions;parquet;json;icu"
	# A ccache that is installed later would have everything compiled anew.
	-DCMAKE_C_COMPILER_LAUNCHER= -DCMAKE_CXX_COMPILER_LAUNCHER=
	-DBUILD_SHELL=OFF -DBUILD_UNITTESTS=OFF -DENABLE_JEMALLOC=OFF
	-DENABLE_SANITIZER=OFF -DENABLE_UBSAN=OFF
)
if [ "$profile" = dev ]; then
	options+=("-DCMAKE_CXX_FLAGS_RELEASE=-O0 -DNDEBUG" "-DCMAKE_C_FLAGS_RELEASE=-O0 -DNDEBUG")
fi
cmake -G Ninja -S "$source" -B "$folder" "${options[@]}" >"$folder.log" || {
	cat "$folder.log"
	exit 1
}
cmake --build "$folder" --target duckspan_loadable_extension "${@:5}"
built=$folder/extension/duckspan/duckspan.duckdb_extension
platform=$(cat "$folder/duckdb_platform_out")
mkdir -p "build/release/v$version/$platform" "build/repository/v$version/$platform"
cp "$built" "build/release/v$version/$platform/"
gzip -c "$built" >"build/repository/v$version/$platform/duckspan.duckdb_extension.gz"
