#include "duckdb.hpp"
#include "duckdb/catalog/catalog_entry/view_catalog_entry.hpp"
#include "duckdb/logging/log_manager.hpp"
#include "duckdb/logging/logger.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/parsed_data/create_schema_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parsed_data/create_view_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_merge_into.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "duckdb/storage/database_size.hpp"
#include "duckdb/storage/statistics/base_statistics.hpp"
#include "duckdb/storage/table_storage_info.hpp"

#include "extension.hpp"
#include "live.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

void Refuse(const string &what, const Identifier &database) {
	auto &name = database.GetIdentifierName();
	Call(duckspan_live_refuse, Lend(what), Lend(name));
	throw BinderException("%s is not possible in \"%s\"", what, name);
}

vector<string> Receivers(ClientContext &context) {
	vector<string> names;
	for (auto &database : DatabaseManager::Get(context).GetDatabases(context)) {
		if (database->GetCatalog().GetCatalogType() == LiveCatalog::TYPE) {
			names.push_back(database->GetName().GetIdentifierName());
		}
	}
	return names;
}

LiveTableEntry::LiveTableEntry(Catalog &catalog, SchemaCatalogEntry &schema, CreateTableInfo &info, const CTable &t)
	: TableCatalogEntry(catalog, schema, info), table(t.table) {
	comment = Value(Own(t.comment));
	for (idx_t position = 0; position < t.width; position++) {
		auto found = Call(duckspan_live_table_column, table, position);
		TableColumn column(Identifier(Own(found.name)), duckspan::TypeOf(found.kind));
		if (found.is_virtual) {
			auto is_row_id = column.name == Identifier("rowid");
			hidden[is_row_id ? COLUMN_IDENTIFIER_ROW_ID : FIRST_VIRTUAL + position] = position;
		} else {
			ColumnDefinition definition(column.name, column.type);
			definition.SetComment(Value(Own(found.comment)));
			columns.AddColumn(std::move(definition));
		}
		all.push_back(std::move(column));
	}
}

unique_ptr<BaseStatistics> LiveTableEntry::GetStatistics(ClientContext &, column_t) {
	return nullptr;
}

TableFunction LiveTableEntry::GetScanFunction(ClientContext &context, unique_ptr<FunctionData> &data) {
	NoteRows(context, catalog.GetName().GetIdentifierName(), table, Relation::Unified);
	return LiveScanFunction(*this, data);
}

TableStorageInfo LiveTableEntry::GetStorageInfo(ClientContext &context) {
	auto &live = catalog.Cast<LiveCatalog>().GetLive();
	auto view = LiveTransaction::Get(context, catalog).GetView(live);
	TableStorageInfo result;
	result.cardinality = Call(duckspan_view_rows_at_most, view.get(), table);
	return result;
}

virtual_column_map_t LiveTableEntry::GetVirtualColumns() const {
	virtual_column_map_t result;
	for (auto &entry : hidden) {
		result.insert({entry.first, all[entry.second]});
	}
	result.insert({COLUMN_IDENTIFIER_EMPTY, TableColumn(Identifier(), LogicalType::BOOLEAN)});
	return result;
}

idx_t LiveTableEntry::PositionOf(column_t column) const {
	if (column == COLUMN_IDENTIFIER_EMPTY) {
		return all.size();
	}
	auto entry = hidden.find(column);
	return entry == hidden.end() ? column : entry->second;
}

LogicalType LiveTableEntry::TypeOf(idx_t position) const {
	return position < all.size() ? all[position].type : LogicalType(LogicalType::BOOLEAN);
}

namespace {

class LiveSchemaEntry : public SchemaCatalogEntry {
public:
	LiveSchemaEntry(Catalog &catalog, CreateSchemaInfo &info);

	void Scan(ClientContext &context, CatalogType type, const std::function<void(CatalogEntry &)> &callback) override;
	void Scan(CatalogType type, const std::function<void(CatalogEntry &)> &callback) override;
	optional_ptr<CatalogEntry> LookupEntry(CatalogTransaction transaction, const EntryLookupInfo &lookup) override;

	optional_ptr<CatalogEntry> CreateIndex(CatalogTransaction, CreateIndexInfo &, TableCatalogEntry &) override {
		Refuse("CREATE INDEX", catalog.GetName());
	}
	optional_ptr<CatalogEntry> CreateFunction(CatalogTransaction, CreateFunctionInfo &) override {
		Refuse("CREATE FUNCTION", catalog.GetName());
	}
	optional_ptr<CatalogEntry> CreateTable(CatalogTransaction, BoundCreateTableInfo &) override {
		Refuse("CREATE TABLE", catalog.GetName());
	}
	optional_ptr<CatalogEntry> CreateView(CatalogTransaction, CreateViewInfo &) override {
		Refuse("CREATE VIEW", catalog.GetName());
	}
	optional_ptr<CatalogEntry> CreateSequence(CatalogTransaction, CreateSequenceInfo &) override {
		Refuse("CREATE SEQUENCE", catalog.GetName());
	}
	optional_ptr<CatalogEntry> CreateType(CatalogTransaction, CreateTypeInfo &) override {
		Refuse("CREATE TYPE", catalog.GetName());
	}
	void DropEntry(ClientContext &, DropInfo &) override {
		Refuse("DROP", catalog.GetName());
	}
	void Alter(CatalogTransaction, AlterInfo &) override {
		Refuse("ALTER", catalog.GetName());
	}

private:
	void AddViews();

	vector<unique_ptr<LiveTableEntry>> tables;
	std::once_flag views_added;
	//! Of what is archived: its rows, and those of the tables that are not archived yet.
	vector<unique_ptr<CatalogEntry>> views;
};

LiveSchemaEntry::LiveSchemaEntry(Catalog &catalog, CreateSchemaInfo &info) : SchemaCatalogEntry(catalog, info) {
	auto count = Call(duckspan_live_table_count);
	for (idx_t position = 0; position < count; position++) {
		auto table = Call(duckspan_live_table, position);
		CreateTableInfo table_info(*this, Identifier(Own(table.name)));
		tables.push_back(make_uniq<LiveTableEntry>(catalog, *this, table_info, table));
		tables.back()->oid = position + 1;
	}
}

void LiveSchemaEntry::Scan(ClientContext &context, CatalogType type,
						   const std::function<void(CatalogEntry &)> &callback) {
	LiveTransaction::Get(context, catalog);
	Scan(type, callback);
}

void LiveSchemaEntry::Scan(CatalogType type, const std::function<void(CatalogEntry &)> &callback) {
	for (auto &table : tables) {
		if (type == CatalogType::TABLE_ENTRY) {
			callback(*table);
		}
	}
}

optional_ptr<CatalogEntry> LiveSchemaEntry::LookupEntry(CatalogTransaction transaction, const EntryLookupInfo &lookup) {
	if (lookup.GetCatalogType() != CatalogType::TABLE_ENTRY && lookup.GetCatalogType() != CatalogType::VIEW_ENTRY) {
		return nullptr;
	}
	for (auto &table : tables) {
		if (lookup.GetEntryIdentifier() == table->name) {
			return table.get();
		}
	}
	AddViews();
	for (auto &view : views) {
		if (lookup.GetEntryIdentifier() == view->name) {
			// What a transaction sees of the rows is fixed before it looks at the archive: in between they only move
			// there.
			LiveTransaction::Get(transaction.GetContext(), catalog).GetView(catalog.Cast<LiveCatalog>().GetLive());
			return view.get();
		}
	}
	return nullptr;
}

void LiveSchemaEntry::AddViews() {
	// Not in the constructor: only an attached catalog has its name.
	std::call_once(views_added, [&] {
		for (auto &table : tables) {
			auto &live = catalog.Cast<LiveCatalog>().GetLive();
			auto &name = catalog.GetName().GetIdentifierName();
			auto sql = Take(Call(duckspan_live_union, &live, Lend(name), table->table));
			if (sql.empty()) {
				continue;
			}
			CreateViewInfo info(*this, Identifier("all_" + table->name.GetIdentifierName()));
			auto parser = Parser::GetBuiltinParser();
			info.query = CreateViewInfo::ParseSelect(parser, sql);
			views.push_back(make_uniq<ViewCatalogEntry>(catalog, *this, info));
		}
	});
}

} // namespace

LiveCatalog::LiveCatalog(AttachedDatabase &db, unique_ptr<Reservation> memory, LiveHandle live)
	: Catalog(db), memory(std::move(memory)), live(std::move(live)) {
}

void LiveCatalog::Initialize(bool) {
	CreateSchemaInfo info;
	info.SetSchema(Identifier::DefaultSchema());
	// As DuckDB's own: EXPORT DATABASE creates no schema that every database has.
	info.internal = true;
	schema = make_uniq<LiveSchemaEntry>(*this, info);
}

void LiveCatalog::OnDetach(ClientContext &context) {
	auto lost = Take(Call(duckspan_live_detach, live.get()));
	if (!lost.empty()) {
		DUCKDB_LOG_WARNING(context, "%s", lost);
	}
}

string LiveCatalog::GetDBPath() {
	return Take(Call(duckspan_live_path, live.get()));
}

DatabaseSize LiveCatalog::GetDatabaseSize(ClientContext &) {
	DatabaseSize result;
	result.bytes = Call(duckspan_live_memory, live.get());
	return result;
}

optional_ptr<SchemaCatalogEntry> LiveCatalog::LookupSchema(CatalogTransaction, const EntryLookupInfo &lookup,
														   OnEntryNotFound if_not_found) {
	if (lookup.GetEntryIdentifier() == schema->name) {
		return schema.get();
	}
	if (if_not_found == OnEntryNotFound::THROW_EXCEPTION) {
		throw CatalogException(lookup.GetErrorContext(),
							   "Schema with name %s does not exist in %s: its tables are in "
							   "the schema main",
							   lookup.GetEntryIdentifier(), GetName());
	}
	return nullptr;
}

void LiveCatalog::ScanSchemas(ClientContext &context, std::function<void(SchemaCatalogEntry &)> callback) {
	LiveTransaction::Get(context, *this);
	callback(*schema);
}

LiveTransaction &LiveTransaction::Get(ClientContext &context, Catalog &catalog) {
	return Transaction::Get(context, catalog).Cast<LiveTransaction>();
}

shared_ptr<View> LiveTransaction::GetView(const Live &live) {
	lock_guard<mutex> guard(lock);
	if (!view) {
		view = shared_ptr<View>(Call(duckspan_view_new, &live), duckspan_view_free);
	}
	return view;
}

void LiveTransaction::SetView(ViewHandle fresh) {
	lock_guard<mutex> guard(lock);
	view = shared_ptr<View>(fresh.release(), duckspan_view_free);
}

Transaction &LiveTransactionManager::StartTransaction(ClientContext &context) {
	auto transaction = make_uniq<LiveTransaction>(*this, context);
	auto &result = *transaction;
	lock_guard<mutex> guard(lock);
	open[result] = std::move(transaction);
	return result;
}

ErrorData LiveTransactionManager::CommitTransaction(ClientContext &, Transaction &transaction) {
	End(transaction);
	return ErrorData();
}

void LiveTransactionManager::RollbackTransaction(Transaction &transaction) {
	End(transaction);
}

void LiveTransactionManager::End(Transaction &transaction) {
	unique_ptr<LiveTransaction> ended;
	lock_guard<mutex> guard(lock);
	auto entry = open.find(transaction);
	if (entry != open.end()) {
		ended = std::move(entry->second);
		open.erase(entry);
	}
}

} // namespace duckspan
