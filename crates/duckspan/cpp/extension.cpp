#include "duckdb.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

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
