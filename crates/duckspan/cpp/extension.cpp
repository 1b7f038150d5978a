#include "duckdb.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

FunctionDescription Describe(const string &text, vector<string> examples) {
	FunctionDescription result;
	result.description = text;
	result.examples = std::move(examples);
	result.categories = {"otlp"};
	return result;
}

void RegisterFunction(ExtensionLoader &loader, TableFunction function, const string &text, const string &example) {
	CreateTableFunctionInfo info(std::move(function));
	info.descriptions.push_back(Describe(text, {example}));
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
