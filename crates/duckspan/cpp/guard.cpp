//! Queries of the viewer: functions that do more than to read are refused to them, which are Rust's to name.

#include "duckdb.hpp"
#include "duckdb/main/connection.hpp"

#include "extension.hpp"
#include "plan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! A connection has it that may run queries only.
struct Guarded : public ClientContextState {};

constexpr const char *GUARDED = "duckspan_guarded";

void CheckStatement(PlannerExtensionInput &input, BoundStatement &statement) {
	if (statement.plan && input.context.registered_state->Get<Guarded>(GUARDED)) {
		FlattenedPlan plan(*statement.plan);
		auto lent = plan.Lend();
		Call(duckspan_plan_check_functions, &lent);
	}
}

} // namespace

void RegisterGuard(DatabaseInstance &db) {
	WhenBound(db, CheckStatement);
}

} // namespace duckspan

extern "C" bool duckspan_sql_guard(void *connection) {
	return duckspan::Contain([&] {
		auto &context = *static_cast<Connection *>(connection)->context;
		context.registered_state->Insert(duckspan::GUARDED, make_shared_ptr<duckspan::Guarded>());
	});
}
