#include "scan.hpp"

#include "duckdb/logging/log_manager.hpp"
#include "duckdb/logging/logger.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"
#include "duckdb/storage/statistics/numeric_stats.hpp"
#include "duckdb/storage/table/column_segment.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

LogicalType TypeOf(const CType &type) {
	child_list_t<LogicalType> members;
	for (idx_t position = 0; position < type.member_count; position++) {
		auto member = Call(duckspan_type_member, &type, position);
		members.emplace_back(Identifier(Own(member.name)), TypeOf(member.kind));
	}
	switch (type.tag) {
	case TypeTag::Boolean:
		return LogicalType::BOOLEAN;
	case TypeTag::Integer:
		return LogicalType::INTEGER;
	case TypeTag::Uinteger:
		return LogicalType::UINTEGER;
	case TypeTag::Bigint:
		return LogicalType::BIGINT;
	case TypeTag::Ubigint:
		return LogicalType::UBIGINT;
	case TypeTag::Double:
		return LogicalType::DOUBLE;
	case TypeTag::Varchar:
		return LogicalType::VARCHAR;
	case TypeTag::Json:
		return LogicalType::JSON();
	case TypeTag::Timestamp:
		return LogicalType::TIMESTAMP;
	case TypeTag::TimestampNs:
		return LogicalType::TIMESTAMP_NS;
	case TypeTag::List:
		return LogicalType::LIST(members[0].second);
	case TypeTag::Struct:
		return LogicalType::STRUCT(std::move(members));
	}
	throw ExecutorException("DuckSpan has a column of an unknown type");
}

BaseStatistics ToStatistics(const CBounds &bounds, const LogicalType &type) {
	auto result = NumericStats::CreateEmpty(type);
	if (bounds.nulls) {
		result.SetHasNull();
	}
	if (bounds.values) {
		result.SetHasNoNull();
		NumericStats::SetMin<int64_t>(result, bounds.min);
		NumericStats::SetMax<int64_t>(result, bounds.max);
	}
	return result;
}

Columns::Columns(Relation relation, bool virtual_too) {
	auto width = Call(duckspan_relation_width, relation);
	for (idx_t position = 0; position < width; position++) {
		auto column = Call(duckspan_relation_column, relation, position);
		if (column.is_virtual) {
			hidden.push_back(position);
		}
		if (!column.is_virtual || virtual_too) {
			names.emplace_back(Own(column.name));
			types.push_back(TypeOf(column.kind));
		}
	}
}

column_t Members::Add(const Member &member) {
	auto known = std::find(all.begin(), all.end(), member);
	auto index = column_t(known - all.begin());
	if (known == all.end()) {
		all.push_back(member);
	}
	return FIRST + index;
}

void Members::Explain(InsertionOrderPreservingMap<string> &shown) const {
	for (auto &member : all) {
		auto &names = shown["Members"];
		names += (names.empty() ? "" : "\n") + member.ToColumn().name.GetIdentifierName();
	}
}

TableColumn Member::ToColumn() const {
	return TableColumn(Identifier(column.GetIdentifierName() + "->>'" + key + "'"), LogicalType::VARCHAR);
}

CursorState::CursorState(ClientContext &context, const ScanRequest &request_p, CursorHandle cursor_p)
	: request(request_p), cursor(std::move(cursor_p)) {
	InitializeFilters(context);
}

void CursorState::InitializeFilters(ClientContext &context) {
	filters.clear();
	auto &asked = request.get();
	if (!asked.filters || !asked.filters->HasFilters()) {
		return;
	}
	for (const auto &entry : *asked.filters) {
		filters.push_back({entry.GetIndex().GetIndex(), TableFilterState::Initialize(context, entry.Filter())});
	}
	staged.Destroy();
	staged.Initialize(Allocator::Get(context), asked.types);
}

void CursorState::Enter(ClientContext &context, const ScanRequest &file, const FileScan &scan) {
	if (&file == &request.get()) {
		return;
	}
	Call(duckspan_cursor_enter, cursor.get(), &scan);
	request = file;
	InitializeFilters(context);
}

bool CursorState::Claim() {
	return Call(duckspan_cursor_claim, cursor.get());
}

bool CursorState::IsExcluded(ClientContext &context) {
	if (filters.empty()) {
		return false;
	}
	for (const auto &entry : *request.get().filters) {
		auto column = entry.GetIndex().GetIndex();
		auto bounds = Call(duckspan_cursor_bounds, cursor.get(), column);
		auto &filter = entry.Filter().Cast<ExpressionFilter>();
		if (bounds.known && filter.CheckStatistics(context, ToStatistics(bounds, request.get().types[column])) ==
								FilterPropagateResult::FILTER_ALWAYS_FALSE) {
			return true;
		}
	}
	return false;
}

void CursorState::Prepare(ClientContext &context) {
	Call(duckspan_cursor_prepare, cursor.get());
	Warn(context);
}

void CursorState::Warn(ClientContext &context) {
	auto text = Call(duckspan_cursor_warning, cursor.get());
	if (text.data) {
		auto warning = Take(text);
		DUCKDB_LOG_WARNING(context, "%s", warning);
	}
}

void CursorState::Fill(ClientContext &context, idx_t column, const SelectionVector *rows, idx_t count, Vector &vector) {
	if (vector.GetType().id() == LogicalTypeId::VARIANT) {
		Vector json(LogicalType::JSON(), count);
		Fill(context, column, rows, count, json);
		if (json.GetVectorType() == VectorType::FLAT_VECTOR) {
			FlatVector::SetSize(json, count);
		}
		return VectorOperations::Cast(context, json, vector, count);
	}
	Call(duckspan_cursor_fill, cursor.get(), column, rows ? rows->data() : nullptr, count, &vector);
}

idx_t CursorState::Select(ClientContext &context, idx_t count) {
	staged.Reset();
	staged.SetChildCardinality(count);
	// A filter replaces the selection by one that has room for the rows it was given, no more.
	selection = SelectionVector();
	auto selected = count;
	for (auto &filter : filters) {
		if (selected > 0) {
			Fill(context, filter.column, nullptr, count, staged.data[filter.column]);
			ColumnSegment::FilterSelection(selection, staged.data[filter.column], *filter.state, count, selected);
		}
	}
	return selected;
}

void CursorState::Project(ClientContext &context, idx_t window, idx_t selected, DataChunk &output) {
	for (idx_t target = 0; target < output.ColumnCount(); target++) {
		auto column = request.get().projection.empty() ? target : request.get().projection[target];
		auto filtered = request.get().filters && request.get().filters->HasFilter(ProjectionIndex(column));
		if (!filtered) {
			Fill(context, column, selected == window ? nullptr : &selection, selected, output.data[target]);
		} else if (selected == window) {
			output.data[target].Reference(staged.data[column]);
		} else {
			output.data[target].Slice(staged.data[column], selection, selected);
			output.data[target].Flatten();
		}
	}
	output.SetChildCardinality(selected);
}

void CursorState::Read(ClientContext &context, DataChunk &output) {
	while (true) {
		context.InterruptCheck();
		idx_t window = Call(duckspan_cursor_next, cursor.get(), STANDARD_VECTOR_SIZE);
		Warn(context);
		if (window == 0) {
			return output.SetChildCardinality(0);
		}
		auto selected = filters.empty() ? window : Select(context, window);
		if (selected > 0) {
			return Project(context, window, selected, output);
		}
	}
}

} // namespace duckspan
