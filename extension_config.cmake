# What DuckDB's own build is told of this extension (`DUCKDB_EXTENSION_CONFIGS`).
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/Cargo.toml DUCKSPAN_VERSION REGEX "^version = ")
string(REGEX REPLACE "^version = \"(.*)\"$" "\\1" DUCKSPAN_VERSION "${DUCKSPAN_VERSION}")
duckdb_extension_load(duckspan SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR} EXTENSION_VERSION ${DUCKSPAN_VERSION} LOAD_TESTS)

# Of the DuckDB that is linked in, what runs once a statement is compiled for size; what works on rows stays as
# DuckDB builds it.
function(duckspan_compile_for_size DIRECTORY)
  get_property(TARGETS DIRECTORY ${DIRECTORY} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(TARGET IN LISTS TARGETS)
    target_compile_options(${TARGET} PRIVATE -Os)
  endforeach()
  get_property(FOLDERS DIRECTORY ${DIRECTORY} PROPERTY SUBDIRECTORIES)
  foreach(FOLDER IN LISTS FOLDERS)
    duckspan_compile_for_size(${FOLDER})
  endforeach()
endfunction()

function(duckspan_compile_statements_for_size)
  foreach(FOLDER catalog logging main optimizer parser planner transaction)
    duckspan_compile_for_size(${CMAKE_SOURCE_DIR}/src/${FOLDER})
  endforeach()
endfunction()

# The targets are there once DuckDB's own folders have been read.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_CXX_FLAGS_RELEASE MATCHES "-O0" AND NOT MSVC)
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL duckspan_compile_statements_for_size)
endif()
