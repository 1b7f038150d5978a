//! The adaptor between DuckDB's table functions and a cursor of Rust.
#pragma once

#include "duckdb.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/table_filter_set.hpp"
#include "duckdb/planner/table_filter_state.hpp"
#include "boundary.hpp"

namespace duckspan {

duckdb::LogicalType TypeOf(const CType &type);

//! Bounds as DuckDB compares filters with; they must be known.
duckdb::BaseStatistics ToStatistics(const CBounds &bounds, const duckdb::LogicalType &type);

//! Virtual columns other than rowid are numbered from here on, by their position in the relation or table.
constexpr duckdb::column_t FIRST_VIRTUAL = (duckdb::column_t(1) << 63) + 4317;

//! The names and types of a relation, with or without its virtual columns.
struct Columns {
	Columns(Relation relation, bool virtual_too);
	duckdb::vector<duckdb::Identifier> names;
	duckdb::vector<duckdb::LogicalType> types;
	//! Those that `SELECT *` leaves out, by their position in the relation.
	duckdb::vector<idx_t> hidden;
};

//! A column that is one member of a JSON column, as text.
struct Member {
	idx_t position;
	//! What the column at that position is called.
	duckdb::Identifier column;
	std::string key;

	bool operator==(const Member &other) const {
		return position == other.position && key == other.key;
	}
	//! What it is called in plans, and its type.
	duckdb::TableColumn ToColumn() const;
};

//! What a scan reads beside the columns that its relation has.
class Members {
public:
	//! Beyond the virtual columns of every relation.
	static constexpr duckdb::column_t FIRST = (duckdb::column_t(1) << 63) + 1000000;

	duckdb::optional_ptr<const Member> Get(duckdb::column_t column) const {
		auto is_member = column >= FIRST && column - FIRST < all.size();
		return is_member ? &all[column - FIRST] : nullptr;
	}
	//! The column that a member is, which is added where it is not there.
	duckdb::column_t Add(const Member &member);
	//! Adds what is read to what EXPLAIN shows of a scan.
	void Explain(duckdb::InsertionOrderPreservingMap<std::string> &shown) const;

	duckdb::vector<Member> all;
};

//! What a scan was asked for.
struct ScanRequest {
	//! Positions in the relation, in the order of the scanned chunk.
	duckdb::vector<uint32_t> columns;
	//! For each column, the key of the one member of the column at its position that it is; empty for a whole column.
	duckdb::vector<std::string> keys;
	duckdb::vector<duckdb::LogicalType> types;
	//! Positions in `columns` that leave the scan; empty for all.
	duckdb::vector<idx_t> projection;
	duckdb::optional_ptr<duckdb::TableFilterSet> filters;
};

//! The conditions of a scan that Rust may tell from bytes. All of its filters are DuckDB's to test.
ConditionsHandle ReadConditions(const ScanRequest &request);

//! Whether Rust tells from bytes whether an expression is true of a row; `column` is the position in the relation of
//! the one column it is about.
bool IsTold(Relation relation, idx_t column, const duckdb::Expression &expr);

//! Whether files are scanned that are OTLP.
bool IsFileScan(const duckdb::LogicalGet &get);
//! What they are read as.
Relation FileRelationOf(const duckdb::LogicalGet &get);
//! With which options; null where no file is there.
duckdb::optional_ptr<const FileOptions> FileOptionsOf(const duckdb::LogicalGet &get);
//! Whether a column of scanned files is told by their paths.
bool IsPartition(const duckdb::LogicalGet &get, idx_t position);
//! Lets a scan of files read a member too; the column it becomes.
duckdb::column_t AddFileMember(duckdb::LogicalGet &get, const Member &member);

//! The column of a scan that an expression is about, if it is one.
duckdb::column_t ColumnOf(const duckdb::LogicalGet &get, const duckdb::Expression &expr);

//! A thread's scan: the cursor, and the filters it applies before wide columns are read.
class CursorState : public duckdb::LocalTableFunctionState {
public:
	CursorState(duckdb::ClientContext &context, const ScanRequest &request, CursorHandle cursor);

	//! Moves to a file, which may be the one it is at.
	void Enter(duckdb::ClientContext &context, const ScanRequest &file, const FileScan &scan);
	bool Claim();
	//! Whether no row of the claimed batch can pass the filters.
	bool IsExcluded(duckdb::ClientContext &context);
	idx_t Batch() const {
		return Call(duckspan_cursor_batch, cursor.get());
	}
	ScanCounts Counts() const {
		return Call(duckspan_cursor_counts, cursor.get());
	}
	void Prepare(duckdb::ClientContext &context);
	//! Fills `output` with the next rows of the batch that pass the filters; none at its end.
	void Read(duckdb::ClientContext &context, duckdb::DataChunk &output);
	//! Logs what the cursor has to say.
	void Warn(duckdb::ClientContext &context);

private:
	struct Filter {
		idx_t column;
		duckdb::unique_ptr<duckdb::TableFilterState> state;
	};

	void InitializeFilters(duckdb::ClientContext &context);
	void Fill(duckdb::ClientContext &context, idx_t column, const duckdb::SelectionVector *rows, idx_t count,
			  duckdb::Vector &vector);
	idx_t Select(duckdb::ClientContext &context, idx_t count);
	void Project(duckdb::ClientContext &context, idx_t window, idx_t selected, duckdb::DataChunk &output);

	duckdb::reference<const ScanRequest> request;
	CursorHandle cursor;
	duckdb::vector<Filter> filters;
	//! The filtered columns of a window, before the filters; other columns of it are unused.
	duckdb::DataChunk staged;
	duckdb::SelectionVector selection;
};

} // namespace duckspan
