//! What the extension registers, each in the file of its name.
#pragma once

#include "duckdb/main/extension/extension_loader.hpp"
#include "duckspan.h"

namespace duckspan {

//! The rejects of one database, shared by the functions that write and read them.
struct SharedRejects : public duckdb::TableFunctionInfo {
	SharedRejects() : rejects(duckspan_rejects_new()) {
	}
	~SharedRejects() override {
		duckspan_rejects_free(rejects);
	}
	const Rejects *rejects;
};

void RegisterReadOtlp(duckdb::ExtensionLoader &loader, duckdb::shared_ptr<SharedRejects> rejects);
void RegisterReadOtlpRejects(duckdb::ExtensionLoader &loader, duckdb::shared_ptr<SharedRejects> rejects);
void RegisterAttach(duckdb::ExtensionLoader &loader);
void RegisterMembers(duckdb::DatabaseInstance &db);
void RegisterMacros(duckdb::ExtensionLoader &loader);

} // namespace duckspan
