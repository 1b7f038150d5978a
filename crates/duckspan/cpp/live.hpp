//! An attached receiver as DuckDB's catalog sees it. The receiver, its rows and its tables are Rust's.
#pragma once

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/transaction/transaction.hpp"
#include "duckdb/transaction/transaction_manager.hpp"

#include "scan.hpp"

#include <mutex>

namespace duckspan {

//! Throws the one error of what cannot be done to an attached receiver.
[[noreturn]] void Refuse(const std::string &what, const duckdb::Identifier &database);

//! Memory of DuckDB's that is set aside while this lives.
class Reservation {
public:
	Reservation(duckdb::DatabaseInstance &db, idx_t size);
	~Reservation();
	Reservation(const Reservation &) = delete;

private:
	duckdb::DatabaseInstance &db;
	idx_t size;
};

class LiveTableEntry : public duckdb::TableCatalogEntry {
public:
	LiveTableEntry(duckdb::Catalog &catalog, duckdb::SchemaCatalogEntry &schema, duckdb::CreateTableInfo &info,
				   const CTable &table);

	const duckdb::ColumnList &GetColumns() const override {
		return columns;
	}
	duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext &context,
															 duckdb::column_t column) override;
	duckdb::TableFunction GetScanFunction(duckdb::ClientContext &context,
										  duckdb::unique_ptr<duckdb::FunctionData> &data) override;
	duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext &context) override;
	duckdb::virtual_column_map_t GetVirtualColumns() const override;

	//! The position in the table of a column that a query names, which may be a virtual one; beyond the table for the
	//! column of count(*).
	idx_t PositionOf(duckdb::column_t column) const;
	duckdb::LogicalType TypeOf(idx_t position) const;

	const LiveTable table;

private:
	duckdb::ColumnList columns;
	//! The virtual columns by number, and where they stand in the table.
	duckdb::unordered_map<duckdb::column_t, idx_t> hidden;
	duckdb::vector<duckdb::TableColumn> all;
};

class LiveCatalog : public duckdb::Catalog {
public:
	static constexpr const char *TYPE = "otlp";
	//! A TYPE as well, by which DuckDB finds an extension that is installed and not loaded.
	static constexpr const char *EXTENSION = "duckspan";

	LiveCatalog(duckdb::AttachedDatabase &db, duckdb::unique_ptr<Reservation> memory, LiveHandle live);

	void Initialize(bool load_builtin) override;
	void OnDetach(duckdb::ClientContext &context) override;
	bool HasConflictingAttachOptions(const std::string &path, const duckdb::AttachOptions &options) override;

	std::string GetCatalogType() override {
		return TYPE;
	}
	//! DuckDB shows the path only of what is not in memory.
	bool InMemory() override {
		return false;
	}
	std::string GetDBPath() override;
	duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext &context) override;

	duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(duckdb::CatalogTransaction transaction,
																  const duckdb::EntryLookupInfo &lookup,
																  duckdb::OnEntryNotFound if_not_found) override;
	void ScanSchemas(duckdb::ClientContext &context,
					 std::function<void(duckdb::SchemaCatalogEntry &)> callback) override;

	duckdb::PhysicalOperator &PlanInsert(duckdb::ClientContext &context, duckdb::PhysicalPlanGenerator &planner,
										 duckdb::LogicalInsert &op,
										 duckdb::optional_ptr<duckdb::PhysicalOperator> plan) override;
	//! Plans the removal of all rows, which does not read them.
	duckdb::PhysicalOperator &PlanDelete(duckdb::ClientContext &context, duckdb::PhysicalPlanGenerator &planner,
										 duckdb::LogicalDelete &op) override;
	duckdb::PhysicalOperator &PlanDelete(duckdb::ClientContext &, duckdb::PhysicalPlanGenerator &,
										 duckdb::LogicalDelete &, duckdb::PhysicalOperator &) override {
		Refuse("DELETE", GetName());
	}
	duckdb::PhysicalOperator &PlanUpdate(duckdb::ClientContext &, duckdb::PhysicalPlanGenerator &,
										 duckdb::LogicalUpdate &, duckdb::PhysicalOperator &) override {
		Refuse("UPDATE", GetName());
	}
	duckdb::PhysicalOperator &PlanMergeInto(duckdb::ClientContext &, duckdb::PhysicalPlanGenerator &,
											duckdb::LogicalMergeInto &, duckdb::PhysicalOperator &) override {
		Refuse("MERGE INTO", GetName());
	}
	duckdb::PhysicalOperator &PlanCreateTableAs(duckdb::ClientContext &, duckdb::PhysicalPlanGenerator &,
												duckdb::LogicalCreateTable &, duckdb::PhysicalOperator &) override {
		Refuse("CREATE TABLE", GetName());
	}
	duckdb::unique_ptr<duckdb::LogicalOperator> BindCreateIndex(duckdb::Binder &, duckdb::CreateStatement &,
																duckdb::TableCatalogEntry &,
																duckdb::unique_ptr<duckdb::LogicalOperator>) override {
		Refuse("CREATE INDEX", GetName());
	}
	duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(duckdb::CatalogTransaction,
															duckdb::CreateSchemaInfo &) override {
		Refuse("CREATE SCHEMA", GetName());
	}

	const Live &GetLive() const {
		return *live;
	}

private:
	void DropSchema(duckdb::ClientContext &, duckdb::DropInfo &) override {
		Refuse("DROP SCHEMA", GetName());
	}

	duckdb::unique_ptr<Reservation> memory;
	//! Its end stops the receiver: an ATTACH that is rolled back, and the end of the database, are not announced by
	//! OnDetach.
	LiveHandle live;
	duckdb::unique_ptr<duckdb::SchemaCatalogEntry> schema;
};

//! A transaction sees the rows of the moment it first looks, in every table. It keeps its database, so whatever hands
//! out entries of the catalog begins it first: a listing may hold them until it ends, and DETACH does not wait.
class LiveTransaction : public duckdb::Transaction {
public:
	LiveTransaction(duckdb::TransactionManager &manager, duckdb::ClientContext &context)
		: Transaction(manager, context) {
	}

	static LiveTransaction &Get(duckdb::ClientContext &context, duckdb::Catalog &catalog);

	duckdb::shared_ptr<View> GetView(const Live &live);
	//! What it sees after it wrote.
	void SetView(ViewHandle fresh);

private:
	duckdb::mutex lock;
	duckdb::shared_ptr<View> view;
};

class LiveTransactionManager : public duckdb::TransactionManager {
public:
	explicit LiveTransactionManager(duckdb::AttachedDatabase &db) : TransactionManager(db) {
	}

	duckdb::Transaction &StartTransaction(duckdb::ClientContext &context) override;
	duckdb::ErrorData CommitTransaction(duckdb::ClientContext &context, duckdb::Transaction &transaction) override;
	void RollbackTransaction(duckdb::Transaction &transaction) override;
	void Checkpoint(duckdb::ClientContext &, bool) override {
	}

private:
	void End(duckdb::Transaction &transaction);

	duckdb::mutex lock;
	duckdb::reference_map_t<duckdb::Transaction, duckdb::unique_ptr<LiveTransaction>> open;
};

//! The scan of the rows of a view.
struct ViewScan : public duckdb::GlobalTableFunctionState {
	ViewScan(const View &view, LiveTable table, ScanOrder order, ScanRequest asked);

	idx_t Units() const;
	idx_t MaxThreads() const override {
		return duckdb::MaxValue<idx_t>(Units(), 1);
	}
	static duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitLocal(duckdb::ExecutionContext &context,
																		 duckdb::TableFunctionInitInput &,
																		 duckdb::GlobalTableFunctionState *global);
	static void Scan(duckdb::ClientContext &context, duckdb::TableFunctionInput &input, duckdb::DataChunk &output);
	static duckdb::OperatorPartitionData PartitionData(duckdb::ClientContext &,
													   duckdb::TableFunctionGetPartitionInput &input);

	ScanRequest request;
	LiveScanHandle scan;
};

//! The scan of a table.
duckdb::TableFunction LiveScanFunction(LiveTableEntry &table, duckdb::unique_ptr<duckdb::FunctionData> &data);
bool IsLiveScan(const duckdb::LogicalGet &get);
//! The table that is scanned.
LiveTable LiveTableOf(const duckdb::LogicalGet &get);
//! Lets a scan read a member too; the column it becomes.
duckdb::column_t AddLiveMember(duckdb::LogicalGet &get, const Member &member);
//! Whether a scan was given predicates when its query was planned.
bool IsFiltered(const duckdb::LogicalOperator &scan);

} // namespace duckspan
