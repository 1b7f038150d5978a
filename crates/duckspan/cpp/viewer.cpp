//! `CALL otlp_viewer()` and `CALL otlp_viewer_stop()`.

#include "duckdb.hpp"

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

Value OpenViewer(ClientContext &context, const FunctionData &data) {
	auto &bind = data.Cast<ViewerBind>();
	auto receivers = Receivers(context);
	auto lent = LendAll(receivers);
	auto database = new weak_ptr<DatabaseInstance>(context.db);
	return Take(Call(duckspan_viewer_open, bind.viewers, bind.options.get(), lent.data(), lent.size(),
					 static_cast<void *>(database)));
}

Value StopViewer(ClientContext &, const FunctionData &data) {
	return Value::BOOLEAN(Call(duckspan_viewer_stop, data.Cast<ViewerBind>().viewers));
}

void Register(ExtensionLoader &loader, TableFunction function, const shared_ptr<Shared> &shared) {
	function.function_info = shared;
	RegisterFunction(loader, std::move(function));
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
	Register(loader,
			 TableFunction("otlp_viewer", std::move(signature), CallOnce<OpenViewer>,
						   BindViewer<LogicalTypeId::VARCHAR>, CallState::Init),
			 shared);
	Register(loader,
			 TableFunction("otlp_viewer_stop", FunctionSignature(), CallOnce<StopViewer>,
						   BindViewer<LogicalTypeId::BOOLEAN>, CallState::Init),
			 shared);
}

} // namespace duckspan
