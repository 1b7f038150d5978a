#include "duckdb.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

FunctionDescription Describe(const string &name) {
	FunctionDescription result;
	result.description = Take(Call(duckspan_function_description, Lend(name)));
	auto example = [&] { return Own(Call(duckspan_function_example, Lend(name), result.examples.size())); };
	for (auto next = example(); !next.empty(); next = example()) {
		result.examples.push_back(next);
	}
	result.categories = {"otlp"};
	return result;
}

void RegisterFunction(ExtensionLoader &loader, TableFunction function) {
	auto description = Describe(function.GetName().GetIdentifierName());
	CreateTableFunctionInfo info(std::move(function));
	info.descriptions.push_back(std::move(description));
	loader.RegisterFunction(std::move(info));
}

} // namespace duckspan

extern "C" void duckspan_register(ExtensionLoader *loader) {
	loader->SetDescription("OpenTelemetry in DuckDB: query OTLP files of any format with read_otlp, and "
						   "receive OTLP with ATTACH 'otlp://localhost:4317' AS live (TYPE otlp)");
	auto shared = make_shared_ptr<duckspan::Shared>();
	duckspan::RegisterReadOtlp(*loader, shared);
	duckspan::RegisterReadOtlpRejects(*loader, shared);
	duckspan::RegisterAddresses(*loader);
	duckspan::RegisterArchive(*loader);
	duckspan::RegisterAttach(*loader, shared);
	duckspan::RegisterCopy(*loader);
	duckspan::RegisterLiveScan(*loader);
	duckspan::RegisterMacros(*loader);
	duckspan::RegisterRelation(*loader);
	duckspan::RegisterSecret(*loader);
	duckspan::RegisterStored(*loader);
	duckspan::RegisterViewer(*loader, shared);
	duckspan::RegisterGuard(loader->GetDatabaseInstance());
	duckspan::RegisterHints(loader->GetDatabaseInstance());
	duckspan::RegisterComparisons(loader->GetDatabaseInstance());
	duckspan::RegisterMembers(loader->GetDatabaseInstance());
}
