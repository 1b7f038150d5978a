//! Hands conditions on columns to Rust, which knows what can be told of them from bytes.

#include "scan.hpp"

#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"

#include "plan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

static vector<Node> NodesOf(const Expression &expr) {
	FlatExpressions flat;
	flat.Add(expr, nullptr);
	return flat.nodes;
}

ConditionsHandle ReadConditions(const ScanRequest &request) {
	ConditionsHandle result(Call(duckspan_conditions_new));
	if (request.filters) {
		for (const auto &entry : *request.filters) {
			auto index = entry.GetIndex().GetIndex();
			auto &key = request.keys[index];
			auto nodes = NodesOf(*entry.Filter().Cast<ExpressionFilter>().expr);
			Call(duckspan_conditions_require, result.get(), request.columns[index], Lend(key), nodes.data(),
				 nodes.size());
		}
	}
	return result;
}

bool IsTold(Relation relation, idx_t column, const Expression &expr) {
	auto nodes = NodesOf(expr);
	return Call(duckspan_condition_is_told, relation, column, nodes.data(), nodes.size());
}

column_t ColumnOf(const LogicalGet &get, const Expression &expr) {
	auto found = COLUMN_IDENTIFIER_EMPTY;
	ExpressionIterator::VisitExpression<BoundColumnRefExpression>(expr, [&](const BoundColumnRefExpression &reference) {
		found = get.GetColumnIds()[reference.Binding().column_index].GetPrimaryIndex();
	});
	return found;
}

} // namespace duckspan
