#include "duckdb.hpp"
#include "duckdb/common/serializer/deserializer.hpp"
#include "duckdb/common/serializer/serializer.hpp"
#include "duckdb/function/partition_stats.hpp"
#include "duckdb/main/profiler/profiling_node.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/storage/statistics/numeric_stats.hpp"
#include "duckdb/storage/table/row_group_order_options.hpp"

#include "extension.hpp"
#include "live.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

struct LiveBind : public TableFunctionData {
	explicit LiveBind(LiveTableEntry &entry) : entry(entry) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<LiveBind>(*this);
	}
	bool Equals(const FunctionData &other) const override {
		auto &bind = other.Cast<LiveBind>();
		return &entry == &bind.entry && order == bind.order && members.all == bind.members.all;
	}
	//! A plan holds what is true of one moment only.
	bool SupportStatementCache() const override {
		return false;
	}
	const Live &GetLive() const {
		return entry.catalog.Cast<LiveCatalog>().GetLive();
	}
	shared_ptr<View> GetView(ClientContext &context) const {
		return LiveTransaction::Get(context, entry.catalog).GetView(GetLive());
	}
	LiveTableEntry &entry;
	ScanOrder order = ScanOrder::Arrival;
	bool filtered = false;
	Members members;
};

struct LiveLocal : public LocalTableFunctionState {
	LiveLocal(ClientContext &context, const ScanRequest &request, CursorHandle cursor)
		: cursor(context, request, std::move(cursor)) {
	}
	CursorState cursor;
	bool claimed = false;
};

unique_ptr<GlobalTableFunctionState> InitGlobal(ClientContext &context, TableFunctionInitInput &input) {
	auto &bind = input.bind_data->Cast<LiveBind>();
	ScanRequest request;
	for (auto column : input.column_ids) {
		auto member = bind.members.Get(column);
		auto position = member ? member->position : bind.entry.PositionOf(column);
		request.columns.push_back(uint32_t(position));
		request.keys.push_back(member ? member->key : string());
		request.types.push_back(member ? LogicalType::VARCHAR : bind.entry.TypeOf(position));
	}
	request.projection = input.projection_ids;
	request.filters = input.filters;
	return make_uniq<ViewScan>(*bind.GetView(context), bind.entry.table, bind.order, std::move(request));
}

//! Takes the next batch in which a row may pass the filters.
bool Claim(ClientContext &context, CursorState &cursor) {
	while (cursor.Claim()) {
		if (!cursor.IsExcluded(context)) {
			cursor.Prepare(context);
			return true;
		}
	}
	return false;
}

unique_ptr<BaseStatistics> Statistics(ClientContext &context, const FunctionData *data, column_t column) {
	auto &bind = data->Cast<LiveBind>();
	auto position = bind.entry.PositionOf(column);
	auto view = bind.GetView(context);
	auto bounds = Call(duckspan_view_bounds, view.get(), bind.entry.table, position);
	return bounds.known ? ToStatistics(bounds, bind.entry.TypeOf(position)).ToUnique() : nullptr;
}

unique_ptr<NodeStatistics> Cardinality(ClientContext &context, const FunctionData *data) {
	auto &bind = data->Cast<LiveBind>();
	auto view = bind.GetView(context);
	auto rows = Call(duckspan_view_rows_at_most, view.get(), bind.entry.table);
	return make_uniq<NodeStatistics>(rows, rows);
}

//! The whole table as one partition, so that count(*) is known without a scan.
vector<PartitionStatistics> PartitionStats(ClientContext &context, GetPartitionStatsInput &input) {
	auto &bind = input.bind_data->Cast<LiveBind>();
	auto view = bind.GetView(context);
	PartitionStatistics result;
	result.count = Call(duckspan_view_rows, view.get(), bind.entry.table);
	result.row_start = 0;
	result.count_type = CountType::COUNT_EXACT;
	return {result};
}

void SetScanOrder(unique_ptr<RowGroupOrderOptions> options, optional_ptr<FunctionData> data) {
	auto ascending = options->order_type == OrderType::ASCENDING;
	data->Cast<LiveBind>().order = ascending ? ScanOrder::Earliest : ScanOrder::Latest;
}

bool HasVirtualColumn(const LogicalGet &get, const Expression &expr) {
	bool result = false;
	ExpressionIterator::VisitExpression<BoundColumnRefExpression>(expr, [&](const BoundColumnRefExpression &reference) {
		result |= get.GetColumnIds()[reference.Binding().column_index].IsVirtualColumn();
	});
	return result;
}

void TakeNoteOfFilters(ClientContext &, LogicalGet &get, FunctionData *data, vector<unique_ptr<Expression>> &filters) {
	data->Cast<LiveBind>().filtered |= !filters.empty();
	for (auto &filter : filters) {
		// DuckDB 2.0.0 fails to materialise late what has a filter on a virtual column, in tables of its own as well.
		get.function.late_materialization &= !HasVirtualColumn(get, *filter);
	}
}

void Metrics(TableFunctionGetMetricsInput &input) {
	auto counts = input.local_state->Cast<LiveLocal>().cursor.Counts();
	input.operator_metrics.rows_scanned = counts.rows;
	input.operator_metrics.row_groups_scanned = counts.units;
	input.operator_metrics.total_row_groups_to_scan = input.global_state->Cast<ViewScan>().Units();
}

double Progress(ClientContext &, const FunctionData *, const GlobalTableFunctionState *global) {
	return global ? Call(duckspan_live_scan_progress, global->Cast<ViewScan>().scan.get()) : 0;
}

InsertionOrderPreservingMap<string> Explain(TableFunctionToStringInput &input) {
	auto &bind = input.bind_data->Cast<LiveBind>();
	auto &entry = bind.entry;
	InsertionOrderPreservingMap<string> result;
	result["Table"] =
		entry.schema.GetQualifiedName(entry.name).ToString(QualifiedNameToStringMode::HIDE_DEFAULT_SCHEMA);
	bind.members.Explain(result);
	return result;
}

virtual_column_map_t VirtualColumns(ClientContext &, optional_ptr<FunctionData> data) {
	auto &bind = data->Cast<LiveBind>();
	auto result = bind.entry.GetVirtualColumns();
	for (idx_t index = 0; index < bind.members.all.size(); index++) {
		result.insert({Members::FIRST + index, bind.members.all[index].ToColumn()});
	}
	return result;
}

vector<column_t> RowIdColumns(ClientContext &, optional_ptr<FunctionData>) {
	return {COLUMN_IDENTIFIER_ROW_ID};
}

optional_ptr<TableCatalogEntry> TableOf(optional_ptr<const FunctionData> data) {
	return data->Cast<LiveBind>().entry;
}

//! DuckDB copies a plan, as for a CTE that has a place in it twice, by writing and reading it.
void Write(Serializer &serializer, const optional_ptr<FunctionData> data, const BoundTableFunction &function) {
	auto &bind = data->Cast<LiveBind>();
	vector<idx_t> positions;
	vector<string> keys;
	for (auto &member : bind.members.all) {
		positions.push_back(member.position);
		keys.push_back(member.key);
	}
	serializer.WriteProperty(100, "table", bind.entry.schema.GetQualifiedName(bind.entry.name));
	serializer.WriteProperty(101, "order", uint8_t(bind.order));
	serializer.WriteProperty(102, "filtered", bind.filtered);
	serializer.WriteProperty(103, "late_materialization", function.late_materialization);
	serializer.WriteProperty(104, "positions", positions);
	serializer.WriteProperty(105, "keys", keys);
}

unique_ptr<FunctionData> ReadBind(Deserializer &deserializer, BoundTableFunction &function) {
	auto name = deserializer.ReadProperty<QualifiedName>(100, "table");
	auto &entry = Catalog::GetEntry<TableCatalogEntry>(deserializer.Get<ClientContext &>(), name);
	auto result = make_uniq<LiveBind>(entry.Cast<LiveTableEntry>());
	result->order = ScanOrder(deserializer.ReadProperty<uint8_t>(101, "order"));
	result->filtered = deserializer.ReadProperty<bool>(102, "filtered");
	function.late_materialization = deserializer.ReadProperty<bool>(103, "late_materialization");
	auto positions = deserializer.ReadProperty<vector<idx_t>>(104, "positions");
	auto keys = deserializer.ReadProperty<vector<string>>(105, "keys");
	for (idx_t index = 0; index < keys.size(); index++) {
		auto &column = result->entry.GetColumns().GetColumn(LogicalIndex(positions[index]));
		result->members.Add({positions[index], column.GetName(), keys[index]});
	}
	return std::move(result);
}

unique_ptr<FunctionData> BindNothing(ClientContext &, TableFunctionBindInput &, vector<LogicalType> &,
									 vector<Identifier> &) {
	throw BinderException("__otlp_scan is what DuckDB finds the scan of a receiver's table by; name the table instead, "
						  "such as live.spans");
}

TableFunction ScanFunction() {
	TableFunction function("__otlp_scan", {}, ViewScan::Scan, BindNothing, InitGlobal, ViewScan::InitLocal);
	function.statistics = Statistics;
	function.cardinality = Cardinality;
	function.get_partition_stats = PartitionStats;
	function.set_scan_order = SetScanOrder;
	function.pushdown_complex_filter = TakeNoteOfFilters;
	function.get_partition_data = ViewScan::PartitionData;
	function.get_metrics = Metrics;
	function.table_scan_progress = Progress;
	function.to_string = Explain;
	function.get_virtual_columns = VirtualColumns;
	function.get_row_id_columns = RowIdColumns;
	function.get_table_entry = TableOf;
	function.serialize = Write;
	function.deserialize = ReadBind;
	function.projection_pushdown = true;
	function.filter_pushdown = true;
	function.filter_prune = true;
	return function;
}

} // namespace

ViewScan::ViewScan(const View &view, LiveTable table, ScanOrder order, ScanRequest asked) : request(std::move(asked)) {
	auto keys = LendAll(request.keys);
	auto conditions = ReadConditions(request);
	LiveScanInput input {table, order, request.columns.data(), keys.data(), request.columns.size(), conditions.get()};
	scan.reset(Call(duckspan_live_scan_open, &view, &input));
}

idx_t ViewScan::Units() const {
	return Call(duckspan_live_scan_units, scan.get());
}

unique_ptr<LocalTableFunctionState> ViewScan::InitLocal(ExecutionContext &context, TableFunctionInitInput &,
														GlobalTableFunctionState *global) {
	auto &view = global->Cast<ViewScan>();
	CursorHandle cursor(Call(duckspan_live_scan_cursor, view.scan.get()));
	return make_uniq<LiveLocal>(context.client, view.request, std::move(cursor));
}

void ViewScan::Scan(ClientContext &context, TableFunctionInput &input, DataChunk &output) {
	auto &local = input.local_state->Cast<LiveLocal>();
	while (true) {
		if (local.claimed) {
			local.cursor.Read(context, output);
			if (output.size() > 0) {
				return;
			}
		}
		local.claimed = Claim(context, local.cursor);
		if (!local.claimed) {
			return;
		}
	}
}

OperatorPartitionData ViewScan::PartitionData(ClientContext &, TableFunctionGetPartitionInput &input) {
	if (input.partition_info.RequiresPartitionColumns()) {
		throw NotImplementedException("OTLP tables have no partition columns");
	}
	return OperatorPartitionData(input.local_state->Cast<LiveLocal>().cursor.Batch());
}

bool IsLiveScan(const LogicalGet &get) {
	return get.function.get_table_entry == TableOf;
}

LiveTable LiveTableOf(const LogicalGet &get) {
	return get.bind_data->Cast<LiveBind>().entry.table;
}

column_t AddLiveMember(LogicalGet &get, const Member &member) {
	return get.bind_data->Cast<LiveBind>().members.Add(member);
}

bool IsFiltered(const LogicalOperator &scan) {
	if (scan.type != LogicalOperatorType::LOGICAL_GET) {
		return true;
	}
	auto &get = scan.Cast<LogicalGet>();
	return get.table_filters.HasFilters() || get.bind_data->Cast<LiveBind>().filtered;
}

TableFunction LiveScanFunction(LiveTableEntry &table, unique_ptr<FunctionData> &data) {
	data = make_uniq<LiveBind>(table);
	auto function = ScanFunction();
	function.late_materialization = table.table != LiveTable::Stats;
	return function;
}

void RegisterLiveScan(ExtensionLoader &loader) {
	RegisterFunction(loader, ScanFunction());
}

} // namespace duckspan
