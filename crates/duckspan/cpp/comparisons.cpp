//! Refuses comparisons of OTLP's columns that DuckDB would answer, but wrongly and without a word. Which these are is
//! Rust's to say; here columns are followed through a plan.

#include "duckdb.hpp"
#include "duckdb/planner/column_binding_map.hpp"
#include "duckdb/planner/expression/bound_between_expression.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"
#include "duckdb/planner/expression/bound_subquery_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_aggregate.hpp"
#include "duckdb/planner/operator/logical_cte.hpp"
#include "duckdb/planner/operator/logical_cteref.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "duckdb/planner/operator/logical_set_operation.hpp"
#include "duckdb/planner/operator/logical_window.hpp"
#include "duckdb/planner/planner_extension.hpp"

#include "extension.hpp"
#include "live.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! What an expression is made of, as far as it can be compared wrongly.
struct Compared {
	Subject subject = Subject::Other;
	Relation relation = Relation::Unified;
	idx_t position = 0;
	string name;
};

bool TryGetRelation(const LogicalGet &get, Relation &relation) {
	return TryGetLiveRelation(get, relation) || TryGetFileRelation(get, relation);
}

bool IsWithoutZone(const LogicalType &type) {
	switch (type.id()) {
	case LogicalTypeId::TIMESTAMP:
	case LogicalTypeId::TIMESTAMP_SEC:
	case LogicalTypeId::TIMESTAMP_MS:
	case LogicalTypeId::TIMESTAMP_NS:
		return true;
	default:
		return false;
	}
}

bool IsMoment(const LogicalType &type) {
	return type.id() == LogicalTypeId::TIMESTAMP_TZ || type.id() == LogicalTypeId::TIMESTAMP_TZ_NS;
}

//! Whether an expression has local time of the session in it. Arguments of functions that DuckDB has made constants of
//! before cannot be seen.
bool IsLocal(const Expression &expr) {
	if (BoundCastExpression::IsCast(expr)) {
		auto &cast = expr.Cast<BoundFunctionExpression>();
		auto &type = BoundCastExpression::TargetType(cast);
		if (IsMoment(BoundCastExpression::SourceType(cast)) &&
			(IsWithoutZone(type) || type.id() == LogicalTypeId::DATE)) {
			return true;
		}
	}
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_FUNCTION) {
		auto &name = expr.Cast<BoundFunctionExpression>().Function().GetName();
		if (name == "current_localtimestamp" || name == "current_date" || name == "today") {
			return true;
		}
	}
	bool result = false;
	ExpressionIterator::EnumerateChildren(expr, [&](const Expression &child) { result |= IsLocal(child); });
	return result;
}

bool IsOrder(ExpressionType type) {
	return type == ExpressionType::COMPARE_LESSTHAN || type == ExpressionType::COMPARE_GREATERTHAN ||
		   type == ExpressionType::COMPARE_LESSTHANOREQUALTO || type == ExpressionType::COMPARE_GREATERTHANOREQUALTO;
}

//! The value that an expression has in every row, if it is known. Literals are cast to the type that they are taken
//! for.
optional_ptr<const Value> ConstantOf(const Expression &expr) {
	if (BoundCastExpression::IsCast(expr)) {
		return ConstantOf(BoundCastExpression::Child(expr.Cast<BoundFunctionExpression>()));
	}
	if (expr.GetExpressionClass() != ExpressionClass::BOUND_CONSTANT) {
		return nullptr;
	}
	return expr.Cast<BoundConstantExpression>().GetValue();
}

class Comparisons {
public:
	Comparisons(ClientContext &context, LogicalOperator &plan) {
		Value found;
		if (context.TryGetCurrentSetting("TimeZone", found) && !found.IsNull()) {
			zone = found.ToString();
		}
		Find(plan);
	}

	void Check() {
		if (!is_otlp) {
			return;
		}
		for (auto &op : operators) {
			LogicalOperatorVisitor::EnumerateExpressions(op.get(),
														 [&](unique_ptr<Expression> *expr) { Check(**expr); });
		}
	}

private:
	void Find(LogicalOperator &op) {
		operators.push_back(op);
		if (op.type == LogicalOperatorType::LOGICAL_GET) {
			Relation relation;
			is_otlp |= TryGetRelation(op.Cast<LogicalGet>(), relation);
		}
		for (auto index : op.GetTableIndex()) {
			sources.emplace(index, op);
		}
		if (op.type == LogicalOperatorType::LOGICAL_MATERIALIZED_CTE ||
			op.type == LogicalOperatorType::LOGICAL_RECURSIVE_CTE) {
			ctes.emplace(op.Cast<LogicalCTE>().table_index, op);
		}
		LogicalOperatorVisitor::EnumerateExpressions(op, [&](unique_ptr<Expression> *expr) { FindIn(**expr); });
		for (auto &child : op.children) {
			Find(*child);
		}
	}

	//! Subqueries are not part of the plan yet.
	void FindIn(const Expression &expr) {
		if (expr.GetExpressionClass() == ExpressionClass::BOUND_SUBQUERY) {
			auto &subquery = expr.Cast<BoundSubqueryExpression>().Subquery();
			if (subquery.plan) {
				Find(*subquery.plan);
			}
		}
		ExpressionIterator::EnumerateChildren(expr, [&](const Expression &child) { FindIn(child); });
	}

	Compared Of(const ColumnBinding &binding) {
		auto known = columns.find(binding);
		if (known != columns.end()) {
			return known->second;
		}
		// What looks at itself, as in a recursive query, is nothing more by that.
		columns[binding] = Compared();
		auto source = sources.find(binding.table_index);
		auto result = source == sources.end() ? Compared() : Of(source->second.get(), binding);
		columns[binding] = result;
		return result;
	}

	Compared Of(LogicalOperator &op, const ColumnBinding &binding) {
		auto column = binding.column_index;
		switch (op.type) {
		case LogicalOperatorType::LOGICAL_GET:
			return Of(op.Cast<LogicalGet>(), column);
		case LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY: {
			auto &aggregate = op.Cast<LogicalAggregate>();
			if (binding.table_index == aggregate.group_index) {
				return Of(*aggregate.groups[column]);
			}
			return binding.table_index == aggregate.aggregate_index ? Of(*op.expressions[column]) : Compared();
		}
		case LogicalOperatorType::LOGICAL_PROJECTION:
		case LogicalOperatorType::LOGICAL_WINDOW:
			return Of(*op.expressions[column]);
		case LogicalOperatorType::LOGICAL_UNION:
		case LogicalOperatorType::LOGICAL_EXCEPT:
		case LogicalOperatorType::LOGICAL_INTERSECT:
			return OfAny(op, column);
		case LogicalOperatorType::LOGICAL_RECURSIVE_CTE:
			return Of(op.children[0]->GetColumnBindings()[column]);
		case LogicalOperatorType::LOGICAL_CTE_REF: {
			auto cte = ctes.find(op.Cast<LogicalCTERef>().cte_index);
			return cte == ctes.end() ? Compared() : Of(cte->second.get().children[0]->GetColumnBindings()[column]);
		}
		default:
			return Compared();
		}
	}

	Compared Of(const LogicalGet &get, ProjectionIndex column) {
		Compared result;
		auto &id = get.GetColumnIds()[column];
		if (!id.IsVirtualColumn() && TryGetRelation(get, result.relation)) {
			result.position = id.GetPrimaryIndex();
			result.subject = Call(duckspan_comparison_subject, result.relation, result.position);
			result.name = get.names[result.position].GetIdentifierName();
		}
		return result;
	}

	//! Rows of several sources: times are in UTC if those of one are, names may be any.
	Compared OfAny(LogicalOperator &op, idx_t column) {
		for (auto &child : op.children) {
			auto found = Of(child->GetColumnBindings()[column]);
			if (found.subject == Subject::Utc) {
				return found;
			}
		}
		return Compared();
	}

	//! A time that is made of times in UTC is one itself.
	Compared Of(const Expression &expr) {
		if (expr.GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF) {
			return Of(expr.Cast<BoundColumnRefExpression>().Binding());
		}
		Compared result;
		if (!IsWithoutZone(expr.GetReturnType())) {
			return result;
		}
		if (expr.GetExpressionClass() == ExpressionClass::BOUND_SUBQUERY) {
			auto &subquery = expr.Cast<BoundSubqueryExpression>().Subquery();
			return subquery.plan ? Of(subquery.plan->GetColumnBindings()[0]) : result;
		}
		ExpressionIterator::EnumerateChildren(expr, [&](const Expression &child) {
			auto found = Of(child);
			if (found.subject == Subject::Utc) {
				result = found;
			}
		});
		return result;
	}

	void Check(const Expression &expr) {
		auto type = expr.GetExpressionType();
		if (BoundCastExpression::IsCast(expr)) {
			auto &cast = expr.Cast<BoundFunctionExpression>();
			if (IsMoment(BoundCastExpression::TargetType(cast))) {
				CheckZone(Of(BoundCastExpression::Child(cast)));
			}
		} else if (BoundComparisonExpression::IsComparison(expr)) {
			auto &comparison = expr.Cast<BoundFunctionExpression>();
			auto &left = BoundComparisonExpression::Left(comparison);
			auto &right = BoundComparisonExpression::Right(comparison);
			Compare(left, right, IsOrder(type));
			Compare(right, left, IsOrder(type));
		} else if (type == ExpressionType::COMPARE_BETWEEN) {
			auto &between = expr.Cast<BoundFunctionExpression>();
			auto &input = BoundBetweenExpression::Input(between);
			Compare(input, BoundBetweenExpression::LowerBound(between), true);
			Compare(input, BoundBetweenExpression::UpperBound(between), true);
		} else if (type == ExpressionType::COMPARE_IN || type == ExpressionType::COMPARE_NOT_IN) {
			auto &children = expr.Cast<BoundOperatorExpression>().GetChildren();
			for (idx_t index = 1; index < children.size(); index++) {
				Compare(*children[0], *children[index], false);
			}
		}
		ExpressionIterator::EnumerateChildren(expr, [&](const Expression &child) { Check(child); });
	}

	void Compare(const Expression &expr, const Expression &with, bool is_order) {
		auto compared = Of(expr);
		if (compared.subject == Subject::Utc && IsLocal(with)) {
			CheckZone(compared);
		}
		auto constant = ConstantOf(with);
		if (compared.subject == Subject::Names && constant && !constant->IsNull() &&
			constant->type().id() == LogicalTypeId::VARCHAR) {
			auto &text = StringValue::Get(*constant);
			Call(duckspan_comparison_check_text, compared.relation, compared.position, Lend(text), is_order);
		}
	}

	void CheckZone(const Compared &compared) {
		if (compared.subject == Subject::Utc && !zone.empty()) {
			Call(duckspan_comparison_check_zone, Lend(compared.name), Lend(zone));
		}
	}

	//! The time zone of the session; empty where DuckDB knows none.
	string zone;
	bool is_otlp = false;
	vector<reference<LogicalOperator>> operators;
	unordered_map<TableIndex, reference<LogicalOperator>> sources;
	unordered_map<TableIndex, reference<LogicalOperator>> ctes;
	column_binding_map_t<Compared> columns;
};

void CheckComparisons(PlannerExtensionInput &input, BoundStatement &statement) {
	if (statement.plan) {
		Comparisons(input.context, *statement.plan).Check();
	}
}

} // namespace

void RegisterComparisons(DatabaseInstance &db) {
	PlannerExtension extension;
	extension.post_bind_function = CheckComparisons;
	PlannerExtension::Register(DBConfig::GetConfig(db), std::move(extension));
}

} // namespace duckspan
