//! What the extension registers, each in the file of its name.
#pragma once

#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/parsed_data/create_function_info.hpp"
#include "boundary.hpp"

#include <functional>
#include <mutex>
#include <utility>

namespace duckspan {

//! What functions of one database share: the rejects, which some write and one reads, and what scans know of each
//! other's memory, and the viewer.
struct Shared : public duckdb::TableFunctionInfo {
	RejectsHandle rejects {Call(duckspan_rejects_new)};
	MemoryHandle memory {Call(duckspan_memory_new)};
	ViewersHandle viewers {Call(duckspan_viewers_new)};
	//! Of `ReadMembers`.
	std::once_flag members;
};

void RegisterReadOtlp(duckdb::ExtensionLoader &loader, duckdb::shared_ptr<Shared> shared);
void RegisterReadOtlpRejects(duckdb::ExtensionLoader &loader, duckdb::shared_ptr<Shared> shared);
void RegisterAddresses(duckdb::ExtensionLoader &loader);
void RegisterArchive(duckdb::ExtensionLoader &loader);
void RegisterAttach(duckdb::ExtensionLoader &loader, const duckdb::shared_ptr<Shared> &shared);
void RegisterCopy(duckdb::ExtensionLoader &loader);
void RegisterComparisons(duckdb::DatabaseInstance &db);
void RegisterMembers(duckdb::DatabaseInstance &db);
void RegisterGuard(duckdb::DatabaseInstance &db);
void RegisterHints(duckdb::DatabaseInstance &db);
void RegisterLiveScan(duckdb::ExtensionLoader &loader);
void RegisterMacros(duckdb::ExtensionLoader &loader);
void RegisterRelation(duckdb::ExtensionLoader &loader);
void RegisterSecret(duckdb::ExtensionLoader &loader);
void RegisterStored(duckdb::ExtensionLoader &loader);
void RegisterViewer(duckdb::ExtensionLoader &loader, const duckdb::shared_ptr<Shared> &shared);

//! What DuckDB lists of a function that is not written in SQL.
duckdb::FunctionDescription Describe(const std::string &name);

//! Registers a function with what is listed of it.
void RegisterFunction(duckdb::ExtensionLoader &loader, duckdb::TableFunction function);

//! The state of a function that is called once, and returns one value.
struct CallState : public duckdb::GlobalTableFunctionState {
	static duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Init(duckdb::ClientContext &,
																	 duckdb::TableFunctionInitInput &) {
		return duckdb::make_uniq<CallState>();
	}
	bool is_done = false;
};

template <auto CALL>
void CallOnce(duckdb::ClientContext &context, duckdb::TableFunctionInput &input, duckdb::DataChunk &output) {
	if (!std::exchange(input.global_state->Cast<CallState>().is_done, true)) {
		output.data[0].Append(CALL(context, *input.bind_data));
		output.SetChildCardinality(1);
	}
}

//! What a secret has: a name, the key where there are several values of it, and a value.
using SecretReader = std::function<void(const std::string &name, const std::string &key, const std::string &value)>;

//! Reads the secret for a path, if there is one.
void ReadSecret(duckdb::ClientContext &context, const std::string &path, const SecretReader &read);

//! Lets plans read members of columns from now on. Not before there is something to read them of: where there is an
//! optimizer pass, DuckDB drops some of its hints on filters of CTEs.
void ReadMembers(duckdb::DatabaseInstance &db, Shared &shared);

//! The names of the receivers that are attached.
duckdb::vector<std::string> Receivers(duckdb::ClientContext &context);

//! Takes note that a query is bound to a table of a receiver or, where its name is empty, to a relation of files.
void NoteRows(duckdb::ClientContext &context, const std::string &receiver, LiveTable table, Relation relation);

} // namespace duckspan
