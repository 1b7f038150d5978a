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
  /// The named parameters of the functions that read typed relations.
  TypedFileParameters,
  /// `read_otlp_rejects`.
  Rejects,
  /// `read_otlp_spans`.
  Spans,
  /// `read_otlp_log_records`.
  LogRecords,
  /// `read_otlp_data_points`.
  DataPoints,
};

/// Which exception the shim throws for a fault.
enum class FaultKind : uint8_t {
  /// No fault.
  None,
  /// `BinderException`: the call is wrong.
  Binder,
  /// `InvalidInputException`: the data is wrong.
  InvalidInput,
  /// `IOException`: the machine does not do what it was asked.
  Io,
  /// Whatever exception the shim caught in a callback; it kept it.
  Callback,
  /// `ExecutorException`: DuckSpan is wrong.
  Internal,
};

/// A SQL type, or the outermost part of it.
enum class TypeTag : uint8_t {
  /// BOOLEAN.
  Boolean,
  /// INTEGER.
  Integer,
  /// UINTEGER.
  Uinteger,
  /// BIGINT.
  Bigint,
  /// UBIGINT.
  Ubigint,
  /// DOUBLE.
  Double,
  /// VARCHAR.
  Varchar,
  /// JSON: VARCHAR with that alias.
  Json,
  /// TIMESTAMP.
  Timestamp,
  /// TIMESTAMP_NS.
  TimestampNs,
  /// LIST of its one member.
  List,
  /// STRUCT of its members.
  Struct,
};

/// What comes of asking.
enum class Answer : uint8_t {
  /// The bytes are reserved.
  Granted,
  /// There is no room now.
  Refused,
  /// The query is to end.
  Interrupted,
};

/// What a node of an expression is.
enum class NodeKind : uint8_t {
  /// Anything else, with the name of a function where it is one.
  Other,
  /// A column.
  Column,
  /// `column->>'key'`, with the key as its text.
  Lookup,
  /// A column of a scan, at a position of the relation, with the name that it has in the query as its text.
  Scanned,
  /// A text.
  Text,
  /// NULL, as a text.
  Null,
  /// A number, or a time in nanoseconds.
  Number,
  /// True if all children are.
  And,
  /// True if one of the children is.
  Or,
  /// True if the first child is one of the others.
  In,
  /// True if the first child is none of the others.
  NotIn,
  /// The first of three is between the others.
  Between,
  /// The child as a value of another type.
  Cast,
  /// The two children are equal.
  Equal,
  /// The first of two is less.
  Less,
  /// The first of two is less or equal.
  LessOrEqual,
  /// The first of two is greater.
  Greater,
  /// The first of two is greater or equal.
  GreaterOrEqual,
  /// The two are compared, but neither by order nor as equal.
  Unordered,
};

/// Which kind of time values are.
enum class Time : uint8_t {
  /// None.
  Other,
  /// A date.
  Date,
  /// A date and a time of day, of no time zone that is known.
  WithoutZone,
  /// A moment, whatever the time zone.
  Moment,
};

/// A table of an attached receiver.
enum class LiveTable : uint8_t {
  /// Spans.
  Traces,
  /// Metric data points.
  Metrics,
  /// Log records.
  Logs,
  /// What became of what was received.
  Stats,
  /// Spans, typed.
  Spans,
  /// Log records, typed.
  LogRecords,
  /// Metric data points, typed.
  DataPoints,
};

/// The order in which parts of a ring are scanned.
enum class ScanOrder : uint8_t {
  /// As the rows arrived.
  Arrival,
  /// Those with the latest time first.
  Latest,
  /// Those with the earliest time first.
  Earliest,
};

/// What an operator does.
enum class OperatorKind : uint8_t {
  /// Anything else.
  Other,
  /// It scans files.
  FileScan,
  /// It scans a table of a receiver.
  LiveScan,
  /// It makes columns of those below.
  Projection,
  /// It makes groups, and values of each.
  Aggregate,
  /// It lets some rows through.
  Filter,
  /// It sorts.
  Order,
  /// It lets so many rows through.
  Limit,
  /// It pairs rows.
  Join,
  /// The first child is what is read in the second, by name.
  Cte,
};

/// What is to be done to a plan.
enum class EditKind : uint8_t {
  /// The scan reads the member of a column too.
  Read,
  /// The lookup becomes a column.
  Replace,
  /// The projection hands on a column.
  Append,
};

/// Conditions that every row a query wants must meet. DuckDB tests them again on what is read, so they
/// may let rows pass that do not.
struct Conditions;

/// A file that is written, by one thread at a time.
struct CopyFile;

/// Rows on their way into requests, of one batch.
struct CopyRows;

/// The sender of a copy. Every thread of its query may use it.
struct CopySender;

/// What is copied, and how.
struct CopyTo;

/// A thread's place in a scan, as C++ holds it.
struct Cursor;

/// Changes that are still to be made.
struct Edits;

/// What the caller asked of the reader.
struct FileOptions;

/// A scan of one file, shared by its threads.
struct FileScan;

/// What a catalog keeps while it is attached.
struct Live;

/// Rows on their way into a ring. Each batch is visible when it is appended; what comes after a bad row
/// is not.
struct LiveInsert;

/// Where to listen, and what to keep.
struct LiveOptions;

/// A scan of a table, shared by its threads. It holds rows, but nothing of the catalog.
struct LiveScan;

/// The members of a LIST or STRUCT; static.
struct Members;

/// What the scans of a database know of each other.
struct Memory;

/// The newest entries of a database.
struct Rejects;

/// The rows of every signal at one moment, and what was counted until then; what a transaction sees.
struct View;

/// Where to show what.
struct ViewerOptions;

/// The viewer of a database, while there is one.
struct Viewers;

/// UTF-8 text that Rust allocated and C++ hands back to be freed; empty where `data` is null.
struct Text {
  /// Its first byte.
  uint8_t *data;
  /// Its length in bytes.
  uintptr_t len;
};

/// A fault on the far side of the boundary; `text` is to be freed with `duckspan_text_free`.
struct CFault {
  /// What to throw.
  FaultKind kind;
  /// The message.
  Text text;
};

/// Text that C++ lends for a call.
struct Str {
  /// Its first byte, UTF-8; dangling where `len` is 0.
  const uint8_t *data;
  /// Its length in bytes.
  uintptr_t len;
};

/// A SQL type.
struct CType {
  /// Which one.
  TypeTag tag;
  /// What is in it; null unless that is a LIST or STRUCT.
  const Members *members;
  /// How many they are.
  uintptr_t member_count;
};

/// A column of a relation.
struct CColumn {
  /// Its name; static.
  Str name;
  /// Its type.
  CType kind;
  /// Whether it is left out of `SELECT *`.
  bool is_virtual;
};

/// A function that is written in SQL; all of it is static.
struct CMacro {
  /// `CREATE MACRO …`.
  Str sql;
  /// What it does, for people.
  Str description;
  /// A statement that uses it.
  Str example;
};

/// Reads up to `len` bytes to `buffer`, which follow those that were read last, and returns how many, 0 at the end
/// of the file, or -1 when it failed, in which case the shim kept the exception.
using ReadCallback = intptr_t(*)(void *file, uint8_t *buffer, uintptr_t len);

/// The same from `offset` on, fewer than `len` bytes only at the end of the file. Where it is `aside`, other reads may
/// go on meanwhile.
using ReadAtCallback = intptr_t(*)(void *file,
                                   uint8_t *buffer,
                                   uintptr_t len,
                                   uint64_t offset,
                                   bool aside);

/// An open file of the shim.
struct Source {
  /// The shim's file; it outlives every use of this source.
  void *file;
  /// How to read it.
  ReadCallback read;
  /// How to read it at any place.
  ReadAtCallback read_at;
  /// Its size in bytes; 0 if it is not known.
  uint64_t size;
  /// Whether it takes long to read it, however little is read.
  bool is_remote;
  /// Whether it may be read aside.
  bool is_parallel;
};

/// Who lends memory: DuckDB's buffer manager, on behalf of a query.
struct Lender {
  /// The client that runs the query; it outlives every use of this.
  void *client;
  /// Reserves so many bytes; if it does not, the shim kept an exception that says why.
  Answer (*reserve)(void *client, uintptr_t bytes);
  /// Gives back so many that were reserved.
  void (*free)(void *client, uintptr_t bytes);
  /// How many there are in all: DuckDB's `memory_limit`.
  uintptr_t (*limit)(void *client);
};

/// What a scan of a file is opened with.
struct FileScanInput {
  /// The path as DuckDB names it.
  Str filename;
  /// DuckDB's number of the query.
  uint64_t query_id;
  /// How many files the query reads.
  uint64_t files;
  /// The open file.
  Source source;
  /// The columns to be read, as positions in the relation.
  const uint32_t *columns;
  /// For each of them the key of the one member that is read of it; empty for the column itself.
  const Str *keys;
  /// How many they are.
  uintptr_t column_count;
  /// What is asked of rows.
  const Conditions *conditions;
  /// The rejects of the database.
  const Rejects *rejects;
  /// What its scans know of each other's memory.
  const Memory *memory;
  /// Who grants it.
  Lender lender;
};

/// A column that DuckDB names by the number of its table, which is that of an operator in a plan, and by its place in
/// it.
struct Binding {
  /// The number of the table.
  uint64_t table;
  /// The place among its columns.
  uintptr_t column;
};

/// A node of an expression; its children follow it, each with its own.
struct Node {
  /// What it is.
  NodeKind kind;
  /// Which time its values are.
  Time time;
  /// How many children it has.
  uintptr_t children;
  /// Of a text, the key of a lookup, or a name.
  Str text;
  /// Of a number; the position of what is scanned, or the place of a lookup.
  int64_t number;
  /// Of a column, or of the one in a lookup.
  Binding column;
};

/// A name, and the text that belongs to it.
struct Named {
  /// Of a column or an option.
  Str name;
  /// The type of the column, or the value of the option.
  Str text;
};

/// A table of an attached receiver.
struct CTable {
  /// Which one.
  LiveTable table;
  /// Its name; static.
  Str name;
  /// What it is, for people; static.
  Str comment;
  /// The number of its columns, virtual ones last.
  uintptr_t width;
};

/// A column of such a table.
struct CTableColumn {
  /// Its name; static.
  Str name;
  /// What it is, for people; static.
  Str comment;
  /// Its type.
  CType kind;
  /// Whether it is left out of `SELECT *`.
  bool is_virtual;
};

/// What came of removing rows.
struct Truncated {
  /// How many there were.
  uint64_t rows;
  /// What the transaction sees then; to be freed with `duckspan_view_free`.
  View *view;
};

/// Bounds of the values of a column.
struct CBounds {
  /// Whether anything is known.
  bool known;
  /// Whether there may be a NULL.
  bool nulls;
  /// Whether there may be a value.
  bool values;
  /// No value is less.
  int64_t min;
  /// No value is greater.
  int64_t max;
};

/// What a scan of a table is opened with.
struct LiveScanInput {
  /// Which table.
  LiveTable table;
  /// In which order.
  ScanOrder order;
  /// The columns to be read, as positions in the table; those beyond it are left alone.
  const uint32_t *columns;
  /// For each of them the key of the one member that is read of it; empty for the column itself.
  const Str *keys;
  /// How many they are.
  uintptr_t column_count;
  /// What is asked of rows.
  const Conditions *conditions;
};

/// How much was scanned.
struct ScanCounts {
  /// Rows whose columns were looked at.
  uint64_t rows;
  /// Parts of the ring, or pieces of large ones.
  uint64_t units;
};

/// An operator of a plan.
struct FlatOperator {
  /// What it does.
  OperatorKind kind;
  /// How many operators it takes rows of.
  uintptr_t children;
  /// How many tables are its own, the next ones.
  uintptr_t tables;
  /// The name of the function that it scans with.
  Str function;
  /// Of a scan of a receiver, the table.
  LiveTable table;
  /// Of a scan of files, what they are read as.
  Relation relation;
  /// Of a scan of files, its options; null where there is no file.
  const FileOptions *options;
};

/// Expressions of an operator, the next ones.
struct FlatTable {
  /// Whether they are columns of the operator, which have the number of its table.
  bool has_number;
  /// That number.
  uint64_t number;
  /// How many expressions they are.
  uintptr_t expressions;
};

/// A plan: operators, each before its children; queries in parentheses follow what they are part of. C++ lends it all.
struct FlatPlan {
  /// The operators.
  const FlatOperator *operators;
  /// How many they are.
  uintptr_t operator_count;
  /// The tables of all operators.
  const FlatTable *tables;
  /// How many they are.
  uintptr_t table_count;
  /// The nodes of the expressions of all tables.
  const Node *nodes;
  /// How many they are.
  uintptr_t node_count;
};

/// A change to a plan.
struct FlatEdit {
  /// What is to be done.
  EditKind kind;
  /// To which operator or, to be replaced, which lookup.
  uintptr_t at;
  /// The column of the scan, that which is handed on, or that which the lookup becomes.
  Binding column;
  /// The key of the member, unless it is replaced; lent until the next edit is asked for.
  Str key;
};

extern "C" {

/// The entry point that `LOAD duckspan` calls, with a `duckdb::ExtensionLoader`.
void duckspan_duckdb_cpp_init(void *loader);

/// Frees text that Rust handed out.
void duckspan_text_free(Text text);

/// The number of columns of a relation, virtual ones last.
uintptr_t duckspan_relation_width(Relation relation, CFault *fault);

/// The column of a relation at `position`, which is below its width.
CColumn duckspan_relation_column(Relation relation, uintptr_t position, CFault *fault);

/// What a function does that is not written in SQL, for people.
Text duckspan_function_description(Str name, CFault *fault);

/// A statement that uses that function, by its number; empty beyond the last one.
Str duckspan_function_example(Str name, uintptr_t number, CFault *fault);

/// The number of functions that are written in SQL.
uintptr_t duckspan_macro_count(CFault *fault);

/// The function at `position`, which is below their number.
CMacro duckspan_macro(uintptr_t position, CFault *fault);

/// Options at their defaults of the function that reads files as that relation.
FileOptions *duckspan_file_options_new(Relation relation, CFault *fault);

/// Frees options.
void duckspan_file_options_free(FileOptions *options);

/// Sets an option to a value, as DuckDB writes it; null where it is NULL.
void duckspan_file_options_set(FileOptions *options, Str name, Str value, CFault *fault);

/// Whether the column at a position of the relation is to be VARIANT where it is JSON.
bool duckspan_file_options_is_variant(const FileOptions *options, uintptr_t column, CFault *fault);

/// The rejects of a database: one per load, shared by its functions.
const Rejects *duckspan_rejects_new(CFault *fault);

/// Gives up a share of the rejects.
void duckspan_rejects_free(const Rejects *rejects);

/// What the scans of files of a database know of each other's memory: one per load.
const Memory *duckspan_memory_new(CFault *fault);

/// Gives up a share of it.
void duckspan_memory_free(const Memory *memory);

/// Begins a scan of the rejects; `columns` are positions in the relation.
Cursor *duckspan_rejects_scan(const Rejects *rejects,
                              const uint32_t *columns,
                              uintptr_t count,
                              CFault *fault);

/// Begins a scan of a file.
const FileScan *duckspan_file_scan_open(const FileScanInput *input,
                                        const FileOptions *options,
                                        CFault *fault);

/// About how many rows a file of `size` bytes holds, 0 if its size is not known; for the optimizer.
uint64_t duckspan_file_rows_estimate(Str path, uint64_t size, CFault *fault);

/// Gives up the scan of a file; cursors may live on but may not claim.
void duckspan_file_scan_free(const FileScan *scan);

/// How much of the file was read, in percent; negative if that is not known.
double duckspan_file_scan_progress(const FileScan *scan, CFault *fault);

/// Whether it is of use to read the file ahead.
bool duckspan_file_scan_is_read_ahead(const FileScan *scan, CFault *fault);

/// Reads a part of the file ahead, unless enough was read already; on any thread.
void duckspan_file_scan_read_ahead(const FileScan *scan, CFault *fault);

/// A thread's place in the scan of a file.
Cursor *duckspan_file_scan_cursor(const FileScan *scan, CFault *fault);

/// Moves a cursor that is at the end of a batch to another file of the same query.
void duckspan_cursor_enter(Cursor *cursor, const FileScan *scan, CFault *fault);

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
Text duckspan_cursor_warning(Cursor *cursor, CFault *fault);

/// No conditions yet.
Conditions *duckspan_conditions_new(CFault *fault);

/// Frees conditions.
void duckspan_conditions_free(Conditions *conditions);

/// Adds that an expression of `count` nodes must be true of the column at a position of the relation, or, if there is a
/// key, of the member of it that is read.
void duckspan_conditions_require(Conditions *conditions,
                                 uintptr_t column,
                                 Str key,
                                 const Node *nodes,
                                 uintptr_t count,
                                 CFault *fault);

/// Whether it is told without reading a column of that relation that an expression is true of the one at a position.
bool duckspan_condition_is_told(Relation relation,
                                uintptr_t column,
                                const Node *nodes,
                                uintptr_t count,
                                CFault *fault);

/// A copy of rows with these columns to a path, with these options.
CopyTo *duckspan_copy_new(Str path,
                          const Named *columns,
                          uintptr_t column_count,
                          const Named *options,
                          uintptr_t option_count,
                          CFault *fault);

/// Frees a copy.
void duckspan_copy_free(CopyTo *copy);

/// Whether rows are sent to an upstream, for which there may be a secret.
bool duckspan_copy_sends(const CopyTo *copy, CFault *fault);

/// Whether rows have to come one after the other, in the order of a column, those that are NULL last: then that one is in
/// `column`.
bool duckspan_copy_is_ordered(const CopyTo *copy,
                              uintptr_t *column,
                              CFault *fault);

/// Tells a copy what a secret has. Where that is headers, `key` is the name of one.
void duckspan_copy_set_secret(CopyTo *copy, Str name, Str key, Str value, CFault *fault);

/// Refuses the scope of a secret if no address begins with it.
void duckspan_copy_check_scope(Str scope, CFault *fault);

/// A file of a copy.
CopyFile *duckspan_copy_file_new(const CopyTo *copy, CFault *fault);

/// Frees a file.
void duckspan_copy_file_free(CopyFile *file);

/// Rows of a batch, which go to that sender if they are sent.
CopyRows *duckspan_copy_rows_new(const CopyTo *copy, const CopySender *sender, CFault *fault);

/// Frees rows; what is in no file yet is gone.
void duckspan_copy_rows_free(CopyRows *rows);

/// Adds `count` rows: `columns` are flat `duckdb::Vector`s of the types that the copy was made for.
void duckspan_copy_rows_add(CopyRows *rows,
                            void *const *columns,
                            uintptr_t column_count,
                            uintptr_t count,
                            CFault *fault);

/// Encodes the rest of the rows.
void duckspan_copy_rows_finish(CopyRows *rows, CFault *fault);

/// The bytes that a file gets next: all that is encoded of these rows. One thread at a time has a file.
Text duckspan_copy_file_add(const CopyFile *file,
                            CopyRows *rows,
                            CFault *fault);

/// The bytes that a file ends with.
Text duckspan_copy_file_end(const CopyFile *file, CFault *fault);

/// What sends the rows of a copy to that path.
CopySender *duckspan_copy_sender_new(const CopyTo *copy, Str path, CFault *fault);

/// Frees a sender; what is on its way is given up.
void duckspan_copy_sender_free(CopySender *sender);

/// Sends what is encoded of these rows. Whether that is done: if not, it is called again.
bool duckspan_copy_sender_add(const CopySender *sender, CopyRows *rows, CFault *fault);

/// Waits for what is on its way. Whether that is done: if not, it is called again. Then `warning` is what is to be
/// said of it, freed with `duckspan_text_free`.
bool duckspan_copy_sender_end(const CopySender *sender,
                              Text *warning,
                              CFault *fault);

/// The name of the relation of that kind of the only receiver, of those that are attached.
Text duckspan_given_only(Str kind, const Str *receivers, uintptr_t count, CFault *fault);

/// Refuses a name that is no relation's.
void duckspan_given_check_name(Str kind, Str given, CFault *fault);

/// Refuses a relation of another kind, by its columns.
void duckspan_given_check_columns(Str kind,
                                  Str given,
                                  const Str *columns,
                                  uintptr_t count,
                                  CFault *fault);

/// Refuses a relation that has no rows of OTLP, by its columns.
void duckspan_given_check_rows(Str kind,
                               Str given,
                               const Str *columns,
                               uintptr_t count,
                               CFault *fault);

/// What to add to the error of a query that was bound to a table of a receiver or, where the name of the receiver is
/// empty, to a relation of files; null if nothing. `missing` is the column that was not found, empty where only the message
/// may name it.
Text duckspan_hint(Str error,
                   Str missing,
                   Str receiver,
                   LiveTable table,
                   Relation relation,
                   CFault *fault);

/// The number of tables of an attached receiver.
uintptr_t duckspan_live_table_count(CFault *fault);

/// The table at `position`, which is below their number.
CTable duckspan_live_table(uintptr_t position, CFault *fault);

/// The column at `position` of a table, which is below its width.
CTableColumn duckspan_live_table_column(LiveTable table, uintptr_t position, CFault *fault);

/// The options of `ATTACH 'path' (TYPE otlp)`, at their defaults.
LiveOptions *duckspan_live_options_new(Str path, CFault *fault);

/// Frees options.
void duckspan_live_options_free(LiveOptions *options);

/// Sets an option, or adds an element to one that is a list.
void duckspan_live_options_set(LiveOptions *options, Str name, Str value, CFault *fault);

/// Where rows are forwarded to; empty if nowhere.
Text duckspan_live_options_forward(const LiveOptions *options, CFault *fault);

/// Sets what the secret for that has; `key` is the name of a header, or empty.
void duckspan_live_options_set_secret(LiveOptions *options,
                                      Str name,
                                      Str key,
                                      Str value,
                                      CFault *fault);

/// Bytes of memory for everything that is kept and received.
uint64_t duckspan_live_options_memory(const LiveOptions *options, CFault *fault);

/// Starts a receiver, in place of `previous` if that is not null. `database` is a weak pointer to the database that it
/// is attached to, and Rust's from now on.
const Live *duckspan_live_start(const LiveOptions *options,
                                const Live *previous,
                                void *database,
                                const Viewers *viewers,
                                CFault *fault);

/// Stops to receive, archives and forwards what is left, in bounded time; what could not be, or nothing.
Text duckspan_live_detach(const Live *live,
                          CFault *fault);

/// Archives what is there now, and waits for it; returns how many rows were not archived before.
uint64_t duckspan_live_flush(const Live *live, CFault *fault);

/// Archives what is there now to a schema or folder, once; returns how many rows were not there yet. `database` as in
/// `duckspan_live_start`.
uint64_t duckspan_live_archive(const Live *live,
                               Str target,
                               void *database,
                               CFault *fault);

/// SQL of all rows of a table, archived ones too, in the catalog of that name; empty if nothing is archived.
Text duckspan_live_union(const Live *live,
                         Str catalog,
                         LiveTable table,
                         CFault *fault);

/// The table of that name, if there is one; else `stats`, which has no rows to archive.
CTable duckspan_archive_table(Str name, CFault *fault);

/// The rows that are being archived by the archive with that key; null if there is none.
View *duckspan_archive_view(Str key, CFault *fault);

/// Stops to receive, and gives up what is kept.
void duckspan_live_free(const Live *live);

/// Whether `options` ask for another receiver than this one.
bool duckspan_live_differs(const Live *live, const LiveOptions *options, CFault *fault);

/// The address it is bound to.
Text duckspan_live_path(const Live *live, CFault *fault);

/// The second port it is bound to, or `none`; empty if there was nothing to say about it.
Text duckspan_live_http_port(const Live *live, CFault *fault);

/// What whoever attached it should know; empty if that is nothing.
Text duckspan_live_warning(const Live *live, CFault *fault);

/// Bytes of memory held for rows.
uint64_t duckspan_live_memory(const Live *live, CFault *fault);

/// Removes the rows that a table has in a view, and none that came since.
Truncated duckspan_live_truncate(const Live *live,
                                 const View *view,
                                 LiveTable table,
                                 CFault *fault);

/// The rows of every table at this moment.
View *duckspan_view_new(const Live *live, CFault *fault);

/// Gives up a view.
void duckspan_view_free(View *view);

/// What a transaction sees that saw `view`, after it inserted into a table: that table anew.
View *duckspan_view_after_insert(const Live *live,
                                 const View *view,
                                 LiveTable table,
                                 CFault *fault);

/// Rows that a table has in a view.
uint64_t duckspan_view_rows(const View *view, LiveTable table, CFault *fault);

/// The same or more, without counting them.
uint64_t duckspan_view_rows_at_most(const View *view, LiveTable table, CFault *fault);

/// Bounds of the values of a column of a table in a view.
CBounds duckspan_view_bounds(const View *view, LiveTable table, uintptr_t column, CFault *fault);

/// Begins a scan. It does not need the view afterwards.
LiveScan *duckspan_live_scan_open(const View *view, const LiveScanInput *input, CFault *fault);

/// Gives up a scan; its cursors may live on.
void duckspan_live_scan_free(LiveScan *scan);

/// Pieces that threads can scan at a time.
uintptr_t duckspan_live_scan_units(const LiveScan *scan, CFault *fault);

/// How much was claimed, in percent.
double duckspan_live_scan_progress(const LiveScan *scan, CFault *fault);

/// A thread's place in a scan.
Cursor *duckspan_live_scan_cursor(const LiveScan *scan, CFault *fault);

/// The number of the batch in the order of the scan.
uint64_t duckspan_cursor_batch(const Cursor *cursor, CFault *fault);

/// Bounds of the values of a column in the batch.
CBounds duckspan_cursor_bounds(const Cursor *cursor, uintptr_t column, CFault *fault);

/// What the thread looked at so far.
ScanCounts duckspan_cursor_counts(const Cursor *cursor, CFault *fault);

/// Begins to insert rows into a table.
LiveInsert *duckspan_live_insert_new(const Live *live, LiveTable table, CFault *fault);

/// Frees an insert; what was not appended is gone.
void duckspan_live_insert_free(LiveInsert *insert);

/// Adds `count` rows: `columns` are three flat `duckdb::Vector`s, of TIMESTAMP, JSON and JSON.
void duckspan_live_insert_rows(LiveInsert *insert,
                               void *const *columns,
                               uintptr_t count,
                               CFault *fault);

/// Appends what is left; returns how many rows were inserted.
uint64_t duckspan_live_insert_finish(LiveInsert *insert, CFault *fault);

/// The one error of what cannot be done to an attached receiver.
void duckspan_live_refuse(Str what, Str database, CFault *fault);

/// Refuses comparisons that would be answered wrongly; `zone` is the time zone of the session, empty where DuckDB knows
/// none.
void duckspan_plan_check_comparisons(const FlatPlan *plan,
                                     Str zone,
                                     CFault *fault);

/// Refuses functions that do more than to read.
void duckspan_plan_check_functions(const FlatPlan *plan, CFault *fault);

/// The changes by which members are read as columns of their own.
Edits *duckspan_edits_new(const FlatPlan *plan, CFault *fault);

/// Frees changes.
void duckspan_edits_free(Edits *edits);

/// Writes the next change; `false` when there is none left.
bool duckspan_edits_next(Edits *edits, FlatEdit *next, CFault *fault);

/// Reads `count` rows, resource and data in flat vectors of VARCHAR, as the columns of a typed relation, into a
/// flat vector of STRUCT.
void duckspan_stored_typed(Relation relation,
                           void *resources,
                           void *data,
                           uintptr_t count,
                           void *result,
                           CFault *fault);

/// Reads `count` values of OTLP, in a flat vector of VARCHAR or BLOB, as lists of rows, into a flat vector of LIST.
void duckspan_stored_rows(void *values,
                          uintptr_t count,
                          void *result,
                          CFault *fault);

/// The member at `position` of a LIST or STRUCT, which is below their number; that of a LIST has no name.
CColumn duckspan_type_member(const CType *kind,
                             uintptr_t position,
                             CFault *fault);

/// The viewer of a database, while there is one: one per load, shared by its functions.
const Viewers *duckspan_viewers_new(CFault *fault);

/// Gives up a share of it; the last one stops it.
void duckspan_viewers_free(const Viewers *viewers);

/// Options at their defaults.
ViewerOptions *duckspan_viewer_options_new(CFault *fault);

/// Frees options.
void duckspan_viewer_options_free(ViewerOptions *options);

/// Sets an option.
void duckspan_viewer_options_set(ViewerOptions *options, Str name, Str value, CFault *fault);

/// Starts a viewer, unless the one that runs is what is asked for; returns a URL that opens it. `receivers` are the names
/// of those that are attached; `database` is a weak pointer to the database that Rust takes over.
Text duckspan_viewer_open(const Viewers *viewers,
                          const ViewerOptions *options,
                          const Str *receivers,
                          uintptr_t count,
                          void *database,
                          CFault *fault);

/// Stops the viewer; says whether there was one.
bool duckspan_viewer_stop(const Viewers *viewers, CFault *fault);

/// Opens a connection; null if the database is closed.
extern bool duckspan_sql_connect(const void *database, void **connection);

/// Runs statements, and adds the rows of the last one.
extern bool duckspan_sql_run(void *connection, Str sql, void *rows, void (*add)(void *rows,
                                                                                const Str *values,
                                                                                uintptr_t count));

/// Reads statements, and says how many they are and whether the last one is a query.
extern bool duckspan_sql_parse(void *connection,
                               Str sql,
                               void **script,
                               uint64_t *statements,
                               bool *is_query);

/// Runs them; adds the columns of the last one, whose rows are fetched.
extern bool duckspan_sql_submit(void *script, void *columns, void (*add)(void *columns,
                                                                         Str name,
                                                                         Str kind,
                                                                         uint8_t shown_as));

/// The next rows, or none at the end; what they are read from is there until the next call.
extern bool duckspan_sql_fetch(void *script, uint64_t *rows, void *const **vectors);

/// Frees a script, and ends what runs of it.
extern bool duckspan_sql_end(void *script);

/// Has functions that do more than to read refused on a connection.
extern bool duckspan_sql_guard(void *connection);

/// Makes what runs on a connection fail; from any thread.
extern bool duckspan_sql_interrupt(void *connection);

/// How much is done of it, in percent, or less than 0; from any thread.
extern bool duckspan_sql_progress(void *connection, double *percentage);

/// Closes a connection.
extern bool duckspan_sql_close(void *connection);

/// Frees what names a database.
extern bool duckspan_sql_forget(void *database);

/// Why the last of these failed on this thread.
extern bool duckspan_sql_error(void *text, void (*set)(void *text, Str message));

/// Has it called when the process exits, before what was there by then is destroyed.
extern bool duckspan_sql_at_exit(void (*handler)());

}  // extern "C"

}  // namespace duckspan
