//! Queries of the viewer: functions that do more than to read are refused to them, which are Rust's to name.

#include "duckdb.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_subquery_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/planner_extension.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! A connection has it that may run queries only.
struct Guarded : public ClientContextState {};

constexpr const char *GUARDED = "duckspan_guarded";

void CheckFunction(const Identifier &function) {
	auto &name = function.GetIdentifierName();
	Call(duckspan_guard_check_function, Lend(name));
}

void CheckPlan(LogicalOperator &op);

void CheckExpression(const Expression &expr) {
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_FUNCTION) {
		CheckFunction(expr.Cast<BoundFunctionExpression>().Function().GetName());
	}
	// Subqueries are not part of the plan yet.
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_SUBQUERY) {
		auto &subquery = expr.Cast<BoundSubqueryExpression>().Subquery();
		if (subquery.plan) {
			CheckPlan(*subquery.plan);
		}
	}
	ExpressionIterator::EnumerateChildren(expr, [](const Expression &child) { CheckExpression(child); });
}

void CheckPlan(LogicalOperator &op) {
	if (op.type == LogicalOperatorType::LOGICAL_GET) {
		CheckFunction(op.Cast<LogicalGet>().function.GetName());
	}
	LogicalOperatorVisitor::EnumerateExpressions(op, [](unique_ptr<Expression> *expr) { CheckExpression(**expr); });
	for (auto &child : op.children) {
		CheckPlan(*child);
	}
}

void CheckStatement(PlannerExtensionInput &input, BoundStatement &statement) {
	if (statement.plan && input.context.registered_state->Get<Guarded>(GUARDED)) {
		CheckPlan(*statement.plan);
	}
}

} // namespace

void RegisterGuard(DatabaseInstance &db) {
	PlannerExtension extension;
	extension.post_bind_function = CheckStatement;
	PlannerExtension::Register(DBConfig::GetConfig(db), std::move(extension));
}

} // namespace duckspan

extern "C" bool duckspan_sql_guard(void *connection) {
	return duckspan::Contain([&] {
		auto &context = *static_cast<Connection *>(connection)->context;
		context.registered_state->Insert(duckspan::GUARDED, make_shared_ptr<duckspan::Guarded>());
	});
}
