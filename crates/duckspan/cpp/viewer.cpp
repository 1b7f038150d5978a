//! `CALL otlp_viewer()` and `CALL otlp_viewer_stop()`.

#include "duckdb.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"

#include "extension.hpp"
#include "live.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

using ViewerOptionsHandle = Handle<ViewerOptions, duckspan_viewer_options_free>;

struct ViewerBind : public TableFunctionData {
	ViewerOptionsHandle options {Call(duckspan_viewer_options_new)};
	const Viewers *viewers = nullptr;
};

struct ViewerState : public GlobalTableFunctionState {
	bool done = false;
};

vector<string> Receivers(ClientContext &context) {
	vector<string> names;
	for (auto &database : DatabaseManager::Get(context).GetDatabases(context)) {
		if (database->GetCatalog().GetCatalogType() == LiveCatalog::TYPE) {
			names.push_back(database->GetName().GetIdentifierName());
		}
	}
	return names;
}

template <LogicalTypeId TYPE>
unique_ptr<FunctionData> BindViewer(ClientContext &, TableFunctionBindInput &input, vector<LogicalType> &types,
									vector<Identifier> &names) {
	auto result = make_uniq<ViewerBind>();
	result->viewers = input.info->Cast<Shared>().viewers.get();
	for (auto &option : input.named_parameters) {
		auto &name = option.first.GetIdentifierName();
		if (!option.second.IsNull()) {
			auto value = option.second.ToString();
			Call(duckspan_viewer_options_set, result->options.get(), Lend(name), Lend(value));
		}
	}
	names.emplace_back(TYPE == LogicalTypeId::VARCHAR ? "url" : "stopped");
	types.emplace_back(TYPE);
	return std::move(result);
}

unique_ptr<GlobalTableFunctionState> InitViewer(ClientContext &, TableFunctionInitInput &) {
	return make_uniq<ViewerState>();
}

void Open(ClientContext &context, TableFunctionInput &input, DataChunk &output) {
	if (std::exchange(input.global_state->Cast<ViewerState>().done, true)) {
		return;
	}
	auto &bind = input.bind_data->Cast<ViewerBind>();
	auto receivers = Receivers(context);
	vector<Str> lent;
	for (auto &name : receivers) {
		lent.push_back(Lend(name));
	}
	auto database = new weak_ptr<DatabaseInstance>(context.db);
	auto url = Take(Call(duckspan_viewer_open, bind.viewers, bind.options.get(), lent.data(), lent.size(),
						 static_cast<void *>(database)));
	output.data[0].Append(Value(url));
	output.SetChildCardinality(1);
}

void Stop(ClientContext &, TableFunctionInput &input, DataChunk &output) {
	if (std::exchange(input.global_state->Cast<ViewerState>().done, true)) {
		return;
	}
	auto stopped = Call(duckspan_viewer_stop, input.bind_data->Cast<ViewerBind>().viewers);
	output.data[0].Append(Value::BOOLEAN(stopped));
	output.SetChildCardinality(1);
}

void Register(ExtensionLoader &loader, TableFunction function, const shared_ptr<Shared> &shared, const string &text,
			  const string &example) {
	function.function_info = shared;
	RegisterFunction(loader, std::move(function), text, example);
}

} // namespace

void RegisterViewer(ExtensionLoader &loader, const shared_ptr<Shared> &shared) {
	auto signature = FunctionSignature().WithTypedKwargs("options", [](TypedKwargs &options) {
		for (auto name : {"database", "spans", "log_records", "data_points", "host"}) {
			options.Add(name, LogicalType::VARCHAR);
		}
		options.Add("port", LogicalType::INTEGER);
		options.Add("allow_write", LogicalType::BOOLEAN);
	});
	Register(
		loader,
		TableFunction("otlp_viewer", std::move(signature), Open, BindViewer<LogicalTypeId::VARCHAR>, InitViewer),
		shared,
		"Serves a page for the browser, and returns its URL: traces, logs and metrics of the attached receiver, or of "
		"tables and views that are named.",
		"CALL otlp_viewer()");
	Register(
		loader,
		TableFunction("otlp_viewer_stop", FunctionSignature(), Stop, BindViewer<LogicalTypeId::BOOLEAN>, InitViewer),
		shared, "Stops to serve the page; says whether it was served.", "CALL otlp_viewer_stop()");
}

} // namespace duckspan
