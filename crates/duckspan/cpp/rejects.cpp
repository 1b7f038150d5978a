#include "duckdb.hpp"

#include "extension.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

struct RejectsBind : public TableFunctionData {
	explicit RejectsBind(const Rejects &rejects) : rejects(rejects) {
	}
	const Rejects &rejects;
};

struct RejectsGlobal : public GlobalTableFunctionState {
	ScanRequest request;
};

unique_ptr<FunctionData> BindRejects(ClientContext &, TableFunctionBindInput &input, vector<LogicalType> &types,
									 vector<Identifier> &names) {
	Columns columns(Relation::Rejects, false);
	names = columns.names;
	types = columns.types;
	return make_uniq<RejectsBind>(*input.info->Cast<Shared>().rejects);
}

unique_ptr<GlobalTableFunctionState> InitGlobalRejects(ClientContext &, TableFunctionInitInput &input) {
	Columns columns(Relation::Rejects, false);
	auto result = make_uniq<RejectsGlobal>();
	for (auto id : input.column_ids) {
		auto position = IsVirtualColumn(id) ? 0 : id;
		result->request.columns.push_back(uint32_t(position));
		result->request.types.push_back(columns.types[position]);
	}
	return std::move(result);
}

unique_ptr<LocalTableFunctionState> InitLocalRejects(ExecutionContext &context, TableFunctionInitInput &input,
													 GlobalTableFunctionState *global) {
	auto &request = global->Cast<RejectsGlobal>().request;
	auto &rejects = input.bind_data->Cast<RejectsBind>().rejects;
	CursorHandle cursor(Call(duckspan_rejects_scan, &rejects, request.columns.data(), request.columns.size()));
	auto result = make_uniq<CursorState>(context.client, request, std::move(cursor));
	result->Claim();
	return std::move(result);
}

void ScanRejects(ClientContext &context, TableFunctionInput &input, DataChunk &output) {
	input.local_state->Cast<CursorState>().Read(context, output);
}

} // namespace

void RegisterReadOtlpRejects(ExtensionLoader &loader, shared_ptr<Shared> shared) {
	TableFunction function("read_otlp_rejects", {}, ScanRejects, BindRejects, InitGlobalRejects, InitLocalRejects);
	function.projection_pushdown = true;
	function.function_info = std::move(shared);
	RegisterFunction(loader, std::move(function));
}

} // namespace duckspan
