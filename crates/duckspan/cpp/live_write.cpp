#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"

#include "live.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

void EmitCount(DataChunk &chunk, idx_t count) {
	chunk.data[0].Append(Value::BIGINT(int64_t(count)));
	chunk.SetChildCardinality(1);
}

struct InsertState : public GlobalSinkState {
	explicit InsertState(LiveInsertHandle insert) : insert(std::move(insert)) {
	}
	LiveInsertHandle insert;
	idx_t rows = 0;
};

//! Hands rows to Rust, one thread and one chunk at a time, so that they keep their order.
class PhysicalLiveInsert : public PhysicalOperator {
public:
	PhysicalLiveInsert(PhysicalPlan &plan, LogicalInsert &op)
		: PhysicalOperator(plan, PhysicalOperatorType::EXTENSION, op.types, op.estimated_cardinality),
		  entry(op.table.Cast<LiveTableEntry>()) {
	}

	string GetName() const override {
		return "OTLP_INSERT";
	}
	InsertionOrderPreservingMap<string> ParamsToString() const override {
		InsertionOrderPreservingMap<string> result;
		result["Table"] = entry.name.GetIdentifierName();
		return result;
	}

	bool IsSink() const override {
		return true;
	}
	bool SinkOrderDependent() const override {
		return true;
	}
	unique_ptr<GlobalSinkState> GetGlobalSinkState(ClientContext &) const override {
		auto &live = entry.catalog.Cast<LiveCatalog>().GetLive();
		return make_uniq<InsertState>(LiveInsertHandle(Call(duckspan_live_insert_new, &live, entry.table)));
	}
	SinkResultType Sink(ExecutionContext &, DataChunk &chunk, OperatorSinkInput &input) const override {
		chunk.Flatten();
		void *columns[] = {&chunk.data[0], &chunk.data[1], &chunk.data[2]};
		auto &insert = input.global_state.Cast<InsertState>().insert;
		Call(duckspan_live_insert_rows, insert.get(), columns, chunk.size());
		return SinkResultType::NEED_MORE_INPUT;
	}
	SinkFinalizeType Finalize(Pipeline &, Event &, ClientContext &context,
							  OperatorSinkFinalizeInput &input) const override {
		auto &state = input.global_state.Cast<InsertState>();
		state.rows = Call(duckspan_live_insert_finish, state.insert.get());
		auto &live = entry.catalog.Cast<LiveCatalog>().GetLive();
		auto &transaction = LiveTransaction::Get(context, entry.catalog);
		auto seen = transaction.GetView(live);
		transaction.SetView(ViewHandle(Call(duckspan_view_after_insert, &live, seen.get(), entry.table)));
		return SinkFinalizeType::READY;
	}

	bool IsSource() const override {
		return true;
	}

protected:
	SourceResultType GetDataInternal(ExecutionContext &, DataChunk &chunk, OperatorSourceInput &) const override {
		EmitCount(chunk, sink_state->Cast<InsertState>().rows);
		return SourceResultType::FINISHED;
	}

private:
	LiveTableEntry &entry;
};

//! Removes the rows that the transaction sees.
class PhysicalLiveTruncate : public PhysicalOperator {
public:
	PhysicalLiveTruncate(PhysicalPlan &plan, LogicalDelete &op)
		: PhysicalOperator(plan, PhysicalOperatorType::EXTENSION, op.types, op.estimated_cardinality),
		  entry(op.table.Cast<LiveTableEntry>()) {
	}

	string GetName() const override {
		return "OTLP_TRUNCATE";
	}
	bool IsSource() const override {
		return true;
	}

protected:
	SourceResultType GetDataInternal(ExecutionContext &context, DataChunk &chunk,
									 OperatorSourceInput &) const override {
		auto &live = entry.catalog.Cast<LiveCatalog>().GetLive();
		auto &transaction = LiveTransaction::Get(context.client, entry.catalog);
		auto truncated = Call(duckspan_live_truncate, &live, transaction.GetView(live).get(), entry.table);
		transaction.SetView(ViewHandle(truncated.view));
		EmitCount(chunk, truncated.rows);
		return SourceResultType::FINISHED;
	}

private:
	LiveTableEntry &entry;
};

} // namespace

PhysicalOperator &LiveCatalog::PlanInsert(ClientContext &, PhysicalPlanGenerator &planner, LogicalInsert &op,
										  optional_ptr<PhysicalOperator> plan) {
	if (op.return_chunk) {
		Refuse("INSERT ... RETURNING", GetName());
	}
	if (!op.column_index_map.empty()) {
		plan = planner.ResolveDefaultsProjection(op, *plan);
	}
	auto &insert = planner.Make<PhysicalLiveInsert>(op);
	insert.children.push_back(*plan);
	return insert;
}

PhysicalOperator &LiveCatalog::PlanDelete(ClientContext &, PhysicalPlanGenerator &planner, LogicalDelete &op) {
	if (op.return_chunk) {
		Refuse("DELETE ... RETURNING", GetName());
	}
	if (IsFiltered(*op.children[0])) {
		Refuse("DELETE ... WHERE", GetName());
	}
	return planner.Make<PhysicalLiveTruncate>(op);
}

} // namespace duckspan
