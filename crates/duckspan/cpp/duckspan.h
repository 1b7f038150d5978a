#pragma once

// The boundary between the shim and Rust, generated from crates/duckspan/src.

#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <new>

namespace duckspan {

/// A list of named and typed things: the columns of a relation, or the parameters of a function.
enum class Relation : uint8_t {
  /// `read_otlp`: timestamp, resource, data.
  Unified,
  /// The named parameters of `read_otlp`.
  FileParameters,
  /// `read_otlp_rejects`.
  Rejects,
};

/// The SQL type of a column or parameter.
enum class ColumnType : uint8_t {
  /// TIMESTAMP: microseconds, UTC.
  Timestamp,
  /// JSON: VARCHAR with that alias.
  Json,
  /// VARCHAR.
  Varchar,
  /// UBIGINT.
  Ubigint,
  /// BOOLEAN.
  Boolean,
};

/// Which exception the shim throws for a fault.
enum class FaultKind : uint8_t {
  /// No fault.
  None,
  /// `BinderException`: the call is wrong.
  Binder,
  /// `InvalidInputException`: the data is wrong.
  InvalidInput,
  /// Whatever exception the shim caught in a callback; it kept it.
  Callback,
  /// `InternalException`: DuckSpan is wrong.
  Internal,
};

/// A thread's place in a scan, as C++ holds it.
struct Cursor;

/// What the caller asked of the reader.
struct FileOptions;

/// A scan of one file, shared by its threads.
struct FileScan;

/// The newest entries of a database.
struct Rejects;

/// UTF-8 text that Rust allocated and C++ hands back to be freed; empty where `data` is null.
struct Text {
  /// Its first byte.
  uint8_t *data;
  /// Its length in bytes.
  uintptr_t len;
};

/// Text that C++ lends for a call.
struct Str {
  /// Its first byte, UTF-8; dangling where `len` is 0.
  const uint8_t *data;
  /// Its length in bytes.
  uintptr_t len;
};

/// A column of a relation.
struct CColumn {
  /// Its name; static.
  Str name;
  /// Its type.
  ColumnType kind;
  /// Whether it is left out of `SELECT *`.
  bool is_virtual;
};

/// A fault on the far side of the boundary; `text` is to be freed with `duckspan_text_free`.
struct CFault {
  /// What to throw.
  FaultKind kind;
  /// The message.
  Text text;
};

/// Reads up to `len` bytes to `buffer` and returns how many, 0 at the end of the file, or -1 when it
/// failed, in which case the shim kept the exception.
using ReadCallback = intptr_t(*)(void *file, uint8_t *buffer, uintptr_t len);

/// An open file of the shim.
struct Source {
  /// The shim's file; it outlives every use of this source.
  void *file;
  /// How to read it.
  ReadCallback read;
  /// Its size in bytes; 0 if it is not known.
  uint64_t size;
};

/// What a scan of a file is opened with.
struct FileScanInput {
  /// The path as DuckDB names it.
  Str filename;
  /// DuckDB's number of the query.
  uint64_t query_id;
  /// Whether the query scans no other file with it.
  bool alone;
  /// The open file.
  Source source;
  /// The columns to be read, as positions in the relation.
  const uint32_t *columns;
  /// How many they are.
  uintptr_t column_count;
  /// The rejects of the database.
  const Rejects *rejects;
};

extern "C" {

/// The entry point that `LOAD duckspan` calls, with a `duckdb::ExtensionLoader`.
void duckspan_duckdb_cpp_init(void *loader);

/// Frees text that Rust handed out.
void duckspan_text_free(Text text);

/// The number of columns of a relation, virtual ones last.
uintptr_t duckspan_relation_width(Relation relation);

/// The column of a relation at `position`, which is below its width.
CColumn duckspan_relation_column(Relation relation, uintptr_t position);

/// Options of `read_otlp` at their defaults.
FileOptions *duckspan_file_options_new();

/// Frees options.
void duckspan_file_options_free(FileOptions *options);

/// Sets an option that takes text.
void duckspan_file_options_set_text(FileOptions *options, Str name, Str value, CFault *fault);

/// Sets an option that takes true or false.
void duckspan_file_options_set_flag(FileOptions *options, Str name, bool value, CFault *fault);

/// Sets an option that takes a number.
void duckspan_file_options_set_number(FileOptions *options,
                                      Str name,
                                      uint64_t value,
                                      CFault *fault);

/// The rejects of a database: one per load, shared by its functions.
const Rejects *duckspan_rejects_new();

/// Gives up a share of the rejects.
void duckspan_rejects_free(const Rejects *rejects);

/// Begins a scan of the rejects; `columns` are positions in the relation.
Cursor *duckspan_rejects_scan(const Rejects *rejects,
                              const uint32_t *columns,
                              uintptr_t count,
                              CFault *fault);

/// Begins a scan of a file.
const FileScan *duckspan_file_scan_open(const FileScanInput *input,
                                        const FileOptions *options,
                                        CFault *fault);

/// Gives up the scan of a file; cursors may live on but may not claim.
void duckspan_file_scan_free(const FileScan *scan);

/// How much of the file was read, in percent; negative if that is not known.
double duckspan_file_scan_progress(const FileScan *scan);

/// A thread's place in the scan of a file.
Cursor *duckspan_file_scan_cursor(const FileScan *scan, CFault *fault);

/// Frees a cursor.
void duckspan_cursor_free(Cursor *cursor);

/// Takes the next batch: `false` when there is none left.
bool duckspan_cursor_claim(Cursor *cursor, CFault *fault);

/// Does the costly part of taking the batch.
void duckspan_cursor_prepare(Cursor *cursor, CFault *fault);

/// Moves to the next window of the batch and returns its number of rows, at most `max_rows`.
uintptr_t duckspan_cursor_next(Cursor *cursor, uintptr_t max_rows, CFault *fault);

/// Writes rows of the window to `vector`, a flat `duckdb::Vector` of the column's type with room for
/// `count` rows: those at `rows`, or the first `count` where that is null.
void duckspan_cursor_fill(Cursor *cursor,
                          uintptr_t column,
                          const uint32_t *rows,
                          uintptr_t count,
                          void *vector,
                          CFault *fault);

/// What the user should be told, once; null if nothing.
Text duckspan_cursor_warning(Cursor *cursor);

}  // extern "C"

}  // namespace duckspan
