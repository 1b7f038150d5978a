#include "duckdb.hpp"
#include "duckdb/common/vector/string_vector.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace {

//! Memory of Rust that lives as long as the strings of a vector.
struct RustMemory : public AuxiliaryDataHolder {
	RustMemory(void *owner, void (*release)(void *)) : owner(owner), release(release) {
	}
	~RustMemory() override {
		release(owner);
	}
	void *owner;
	void (*release)(void *);
};

} // namespace

extern "C" void duckspan_vector_keep(Vector *vector, void *owner, void (*release)(void *)) {
	StringVector::AddAuxiliaryData(*vector, make_uniq<RustMemory>(owner, release));
}

extern "C" void duckspan_vector_share(Vector *vector, const uint32_t *indices, idx_t rows, idx_t values) {
	SelectionVector selection(rows);
	std::copy_n(indices, rows, selection.data());
	FlatVector::SetSize(*vector, values);
	vector->Dictionary(values, selection, rows);
}

extern "C" void duckspan_register(ExtensionLoader *loader) {
	loader->SetDescription("OpenTelemetry in DuckDB: query OTLP files of any format with read_otlp, and "
						   "receive OTLP with ATTACH 'otlp://localhost:4317' AS live (TYPE otlp)");
	auto shared = make_shared_ptr<duckspan::Shared>();
	duckspan::RegisterReadOtlp(*loader, shared);
	duckspan::RegisterReadOtlpRejects(*loader, shared);
	duckspan::RegisterAttach(*loader);
	duckspan::RegisterMacros(*loader);
	duckspan::RegisterRelation(*loader);
}
