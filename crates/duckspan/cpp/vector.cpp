//! What Rust calls to read and write vectors. Each function says whether it did so; if not, its exception is kept.

#include "duckdb.hpp"
#include "duckdb.h"
#include "duckdb/common/vector/string_vector.hpp"

#include "boundary.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace {

using Owner = std::unique_ptr<void, void (*)(void *)>;

//! Memory of Rust that lives as long as the strings of a vector.
struct RustMemory : public AuxiliaryDataHolder {
	explicit RustMemory(Owner owner) : owner(std::move(owner)) {
	}
	Owner owner;
};

duckdb_vector HandleOf(Vector *vector) {
	return reinterpret_cast<duckdb_vector>(vector);
}

Vector *VectorOf(duckdb_vector handle) {
	return reinterpret_cast<Vector *>(handle);
}

} // namespace

extern "C" bool duckspan_vector_keep(Vector *vector, void *memory, void (*release)(void *)) {
	Owner owner(memory, release);
	return duckspan::Contain([&] { StringVector::AddAuxiliaryData(*vector, make_uniq<RustMemory>(std::move(owner))); });
}

extern "C" bool duckspan_vector_share(Vector *vector, const uint32_t *indices, idx_t rows, idx_t values) {
	return duckspan::Contain([&] {
		SelectionVector selection(rows);
		std::copy_n(indices, rows, selection.data());
		FlatVector::SetSize(*vector, values);
		vector->Dictionary(values, selection, rows);
	});
}

extern "C" bool duckspan_vector_data(Vector *vector, void **data) {
	return duckspan::Contain([&] { *data = duckdb_vector_get_data(HandleOf(vector)); });
}

extern "C" bool duckspan_vector_validity(Vector *vector, bool writable, uint64_t **words) {
	return duckspan::Contain([&] {
		if (writable) {
			duckdb_vector_ensure_validity_writable(HandleOf(vector));
		}
		*words = duckdb_vector_get_validity(HandleOf(vector));
	});
}

extern "C" bool duckspan_vector_member(Vector *vector, idx_t index, Vector **member) {
	return duckspan::Contain([&] { *member = VectorOf(duckdb_struct_vector_get_child(HandleOf(vector), index)); });
}

extern "C" bool duckspan_vector_elements(Vector *vector, idx_t count, Vector **elements) {
	return duckspan::Contain([&] {
		duckdb_list_vector_reserve(HandleOf(vector), count);
		duckdb_list_vector_set_size(HandleOf(vector), count);
		*elements = VectorOf(duckdb_list_vector_get_child(HandleOf(vector)));
	});
}
