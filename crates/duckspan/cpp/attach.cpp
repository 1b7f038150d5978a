#include "duckdb.hpp"
#include "duckdb/logging/log_manager.hpp"
#include "duckdb/logging/logger.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/settings.hpp"
#include "duckdb/parser/parsed_data/attach_info.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "duckdb/storage/storage_extension.hpp"

#include "extension.hpp"
#include "live.hpp"
#include "scan.hpp"

#include <mutex>

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

Reservation::Reservation(DatabaseInstance &db, idx_t size) : db(db), size(size) {
	try {
		BufferManager::GetBufferManager(db).ReserveMemory(size);
	} catch (OutOfMemoryException &error) {
		throw OutOfMemoryException(
			"An OTLP receiver with memory_limit '%s' does not fit into DuckDB's own memory_limit "
			"beside what is in use: attach it with a lower memory_limit. %s",
			StringUtil::BytesToHumanReadableString(size), ErrorData(error).RawMessage());
	}
}

Reservation::~Reservation() {
	BufferManager::GetBufferManager(db).FreeReservedMemory(size);
}

namespace {

//! What ATTACH knows of its database.
struct AttachKnows : public StorageExtensionInfo {
	explicit AttachKnows(shared_ptr<Shared> shared) : shared(std::move(shared)) {
	}
	shared_ptr<Shared> shared;
};

void SetOption(LiveOptions &options, const string &name, const Value &value) {
	if (value.IsNull()) {
		throw BinderException("%s cannot be NULL", name);
	}
	if (value.type().id() == LogicalTypeId::LIST && !ListValue::GetChildren(value).empty()) {
		for (auto &child : ListValue::GetChildren(value)) {
			SetOption(options, name, child);
		}
		return;
	}
	auto text = value.type().id() == LogicalTypeId::LIST ? "" : value.ToString();
	Call(duckspan_live_options_set, &options, Lend(name), Lend(text));
}

LiveOptionsHandle ReadOptions(const string &path, const AttachOptions &attach) {
	LiveOptionsHandle result(Call(duckspan_live_options_new, Lend(path)));
	for (auto &option : attach.options) {
		SetOption(*result, option.first, option.second);
	}
	return result;
}

void AddSecret(ClientContext &context, LiveOptions &options) {
	auto upstream = Take(Call(duckspan_live_options_forward, &options));
	if (upstream.empty()) {
		return;
	}
	ReadSecret(context, upstream, [&](const string &name, const string &key, const string &value) {
		Call(duckspan_live_options_set_secret, &options, Lend(name), Lend(key), Lend(value));
	});
}

unique_ptr<Catalog> Attach(optional_ptr<StorageExtensionInfo> storage_info, ClientContext &context,
						   AttachedDatabase &db, const string &name, AttachInfo &info, AttachOptions &attach) {
	if (!Settings::Get<EnableExternalAccessSetting>(context)) {
		throw PermissionException("An OTLP receiver cannot be attached: enable_external_access is false");
	}
	auto options = ReadOptions(info.path, attach);
	AddSecret(context, *options);
	auto previous = Catalog::GetCatalogEntry(context, Identifier(name));
	if (previous && info.on_conflict != OnCreateConflict::REPLACE_ON_CONFLICT) {
		// DuckDB finds that out as well, but after the port was found to be in use.
		throw BinderException("Failed to attach database: database with name \"%s\" already exists", name);
	}
	auto is_live = previous && previous->GetCatalogType() == LiveCatalog::TYPE;
	auto replaced = is_live ? &previous->Cast<LiveCatalog>().GetLive() : nullptr;
	auto memory = make_uniq<Reservation>(db.GetDatabase(), Call(duckspan_live_options_memory, options.get()));
	auto &known = static_cast<AttachKnows &>(*storage_info);
	ReadMembers(db.GetDatabase(), *known.shared);
	auto database = new weak_ptr<DatabaseInstance>(db.GetDatabase().shared_from_this());
	LiveHandle live(
		Call(duckspan_live_start, options.get(), replaced, static_cast<void *>(database), known.shared->viewers.get()));
	// What is left here shows in duckdb_databases().
	attach.options.erase("token");
	auto http_port = Take(Call(duckspan_live_http_port, live.get()));
	if (!http_port.empty()) {
		attach.options["http_port"] = Value(http_port);
	}
	auto warning = Take(Call(duckspan_live_warning, live.get()));
	if (!warning.empty()) {
		DUCKDB_LOG_WARNING(context, "%s", warning);
	}
	return make_uniq<LiveCatalog>(db, std::move(memory), std::move(live));
}

unique_ptr<TransactionManager> CreateTransactionManager(optional_ptr<StorageExtensionInfo>, AttachedDatabase &db,
														Catalog &) {
	return make_uniq<LiveTransactionManager>(db);
}

} // namespace

bool LiveCatalog::HasConflictingAttachOptions(const string &path, const AttachOptions &options) {
	if (!StringUtil::CIEquals(options.db_type, TYPE) && !StringUtil::CIEquals(options.db_type, EXTENSION)) {
		return true;
	}
	auto wanted = ReadOptions(path, options);
	// A secret that was changed is another way to the same upstream. There is no context to read it in.
	Connection con(GetDatabase());
	con.context->RunFunctionInTransaction([&] { AddSecret(*con.context, *wanted); });
	return Call(duckspan_live_differs, live.get(), wanted.get());
}

void RegisterAttach(ExtensionLoader &loader, const shared_ptr<Shared> &shared) {
	auto storage = make_shared_ptr<StorageExtension>();
	storage->attach = Attach;
	storage->create_transaction_manager = CreateTransactionManager;
	storage->storage_info = make_shared_ptr<AttachKnows>(shared);
	auto &config = DBConfig::GetConfig(loader.GetDatabaseInstance());
	StorageExtension::Register(config, LiveCatalog::TYPE, storage);
	StorageExtension::Register(config, LiveCatalog::EXTENSION, std::move(storage));
}

} // namespace duckspan
