//! What SQL says to archives: `FROM __otlp_archive(key, table)`, which archives read; `CALL otlp_flush('live')`;
//! `CALL otlp_archive('live', 'lake.telemetry')`.

#include "duckdb.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"

#include "extension.hpp"
#include "live.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

struct BatchBind : public TableFunctionData {
	string key;
	LiveTable table;
	vector<LogicalType> types;
};

unique_ptr<FunctionData> BindBatch(ClientContext &, TableFunctionBindInput &input, vector<LogicalType> &types,
								   vector<Identifier> &names) {
	auto result = make_uniq<BatchBind>();
	result->key = StringValue::Get(input.inputs[0]);
	auto name = StringValue::Get(input.inputs[1]);
	auto table = Call(duckspan_archive_table, Lend(name));
	result->table = table.table;
	for (idx_t position = 0; position < table.width; position++) {
		auto column = Call(duckspan_live_table_column, table.table, position);
		if (!column.is_virtual) {
			names.push_back(Identifier(Own(column.name)));
			types.push_back(TypeOf(column.kind));
		}
	}
	result->types = types;
	return std::move(result);
}

unique_ptr<GlobalTableFunctionState> InitBatch(ClientContext &, TableFunctionInitInput &input) {
	auto &bind = input.bind_data->Cast<BatchBind>();
	ScanRequest request;
	for (auto column : input.column_ids) {
		auto is_column = column < bind.types.size();
		request.columns.push_back(is_column ? uint32_t(column) : UINT32_MAX);
		request.keys.emplace_back();
		request.types.push_back(is_column ? bind.types[column] : LogicalType(LogicalType::BOOLEAN));
	}
	ViewHandle view(Call(duckspan_archive_view, Lend(bind.key)));
	if (!view) {
		throw InvalidInputException("__otlp_archive is for archives of receivers only");
	}
	return make_uniq<ViewScan>(*view, bind.table, ScanOrder::Arrival, std::move(request));
}

//! A call on a receiver, which returns how many rows it archived.
struct CallBind : public TableFunctionData {
	shared_ptr<AttachedDatabase> database;
	string target;
	vector<LogicalType> types;
};

shared_ptr<AttachedDatabase> ReceiverOf(ClientContext &context, const string &name) {
	auto database = DatabaseManager::Get(context).GetDatabase(context, Identifier(name));
	if (!database || database->GetCatalog().GetCatalogType() != LiveCatalog::TYPE) {
		throw BinderException("\"%s\" is not an attached receiver: ATTACH 'otlp://localhost:4317' AS %s (TYPE otlp)",
							  name, name);
	}
	return database->shared_from_this();
}

unique_ptr<FunctionData> BindCall(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
								  vector<Identifier> &names) {
	auto result = make_uniq<CallBind>();
	for (auto &value : input.inputs) {
		if (value.IsNull()) {
			throw BinderException("The name of a receiver, and where to archive it, cannot be NULL");
		}
	}
	result->database = ReceiverOf(context, StringValue::Get(input.inputs[0]));
	if (input.inputs.size() > 1) {
		result->target = StringValue::Get(input.inputs[1]);
	}
	names = {Identifier("rows")};
	types = {LogicalType::UBIGINT};
	return std::move(result);
}

const Live &LiveOf(const FunctionData &data) {
	return data.Cast<CallBind>().database->GetCatalog().Cast<LiveCatalog>().GetLive();
}

Value Flush(ClientContext &, const FunctionData &data) {
	return Value::UBIGINT(Call(duckspan_live_flush, &LiveOf(data)));
}

Value ArchiveOnce(ClientContext &context, const FunctionData &data) {
	auto &target = data.Cast<CallBind>().target;
	auto database = new weak_ptr<DatabaseInstance>(context.db);
	return Value::UBIGINT(Call(duckspan_live_archive, &LiveOf(data), Lend(target), static_cast<void *>(database)));
}

} // namespace

void RegisterArchive(ExtensionLoader &loader) {
	TableFunction batch("__otlp_archive",
						FunctionSignature()
							.AddPositionalOnly("key", LogicalType::VARCHAR)
							.AddPositionalOnly("table_name", LogicalType::VARCHAR),
						ViewScan::Scan, BindBatch, InitBatch, ViewScan::InitLocal);
	batch.projection_pushdown = true;
	batch.get_partition_data = ViewScan::PartitionData;
	RegisterFunction(loader, std::move(batch));
	auto receiver = FunctionSignature().AddPositionalOnly("receiver", LogicalType::VARCHAR);
	RegisterFunction(loader, TableFunction("otlp_flush", receiver, CallOnce<Flush>, BindCall, CallState::Init));
	auto target = std::move(receiver).AddPositionalOnly("target", LogicalType::VARCHAR);
	RegisterFunction(loader, TableFunction("otlp_archive", target, CallOnce<ArchiveOnce>, BindCall, CallState::Init));
}

} // namespace duckspan
