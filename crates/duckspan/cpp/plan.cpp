#include "plan.hpp"

#include "duckdb.hpp"
#include "duckdb/function/lambda_functions.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_subquery_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_aggregate.hpp"
#include "duckdb/planner/operator/logical_cte.hpp"
#include "duckdb/planner/operator/logical_cteref.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "duckdb/planner/operator/logical_set_operation.hpp"
#include "duckdb/planner/operator/logical_window.hpp"

#include "live.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

Node NodeOf(NodeKind kind) {
	return Node {kind, Time::Other, 0, Str {nullptr, 0}, 0, Binding {0, 0}};
}

Binding BindingOf(const ColumnBinding &binding) {
	return Binding {binding.table_index.index, binding.column_index.GetIndex()};
}

//! The right side of `column->>'key'`.
const Value &KeyOf(const Expression &lookup) {
	return lookup.Cast<BoundFunctionExpression>().GetChildren()[1]->Cast<BoundConstantExpression>().GetValue();
}

//! The column that an expression is; that of a filter is the only one, and has no number.
bool TryGetColumn(const Expression &expr, Binding &column) {
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF) {
		column = BindingOf(expr.Cast<BoundColumnRefExpression>().Binding());
	}
	return ExpressionFilter::IsSimpleFilterColumnRef(expr);
}

//! Whether it is `column->>'key'`.
bool TryGetLookup(const Expression &expr, Binding &column) {
	if (expr.GetExpressionClass() != ExpressionClass::BOUND_FUNCTION) {
		return false;
	}
	auto &function = expr.Cast<BoundFunctionExpression>();
	auto &name = function.Function().GetName();
	auto &children = function.GetChildren();
	if ((name != "->>" && name != "json_extract_string") || children.size() != 2 ||
		!TryGetColumn(*children[0], column) || children[1]->GetExpressionClass() != ExpressionClass::BOUND_CONSTANT) {
		return false;
	}
	auto &key = KeyOf(expr);
	return !key.IsNull() && key.type().id() == LogicalTypeId::VARCHAR && !StringValue::Get(key).empty();
}

Time TimeOf(const LogicalType &type) {
	switch (type.id()) {
	case LogicalTypeId::TIMESTAMP:
	case LogicalTypeId::TIMESTAMP_SEC:
	case LogicalTypeId::TIMESTAMP_MS:
	case LogicalTypeId::TIMESTAMP_NS:
		return Time::WithoutZone;
	case LogicalTypeId::TIMESTAMP_TZ:
	case LogicalTypeId::TIMESTAMP_TZ_NS:
		return Time::Moment;
	case LogicalTypeId::DATE:
		return Time::Date;
	default:
		return Time::Other;
	}
}

NodeKind KindOf(const Expression &expr) {
	if (BoundCastExpression::IsCast(expr)) {
		return NodeKind::Cast;
	}
	switch (expr.GetExpressionType()) {
	case ExpressionType::CONJUNCTION_AND:
		return NodeKind::And;
	case ExpressionType::CONJUNCTION_OR:
		return NodeKind::Or;
	case ExpressionType::COMPARE_IN:
		return NodeKind::In;
	case ExpressionType::COMPARE_NOT_IN:
		return NodeKind::NotIn;
	case ExpressionType::COMPARE_BETWEEN:
		return NodeKind::Between;
	case ExpressionType::COMPARE_EQUAL:
		return NodeKind::Equal;
	case ExpressionType::COMPARE_LESSTHAN:
		return NodeKind::Less;
	case ExpressionType::COMPARE_LESSTHANOREQUALTO:
		return NodeKind::LessOrEqual;
	case ExpressionType::COMPARE_GREATERTHAN:
		return NodeKind::Greater;
	case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
		return NodeKind::GreaterOrEqual;
	default:
		return BoundComparisonExpression::IsComparison(expr) ? NodeKind::Unordered : NodeKind::Other;
	}
}

Node ConstantOf(const Value &value) {
	auto node = NodeOf(NodeKind::Other);
	node.time = TimeOf(value.type());
	switch (value.type().id()) {
	case LogicalTypeId::VARCHAR:
		node.kind = value.IsNull() ? NodeKind::Null : NodeKind::Text;
		node.text = value.IsNull() ? node.text : Lend(StringValue::Get(value));
		return node;
	case LogicalTypeId::INTEGER:
	case LogicalTypeId::UINTEGER:
	case LogicalTypeId::BIGINT:
		node.kind = value.IsNull() ? NodeKind::Other : NodeKind::Number;
		node.number = value.IsNull() ? 0 : value.GetValue<int64_t>();
		return node;
	case LogicalTypeId::TIMESTAMP_NS:
		node.kind = value.IsNull() ? NodeKind::Other : NodeKind::Number;
		node.number = value.IsNull() ? 0 : TimestampNSValue::Get(value).value;
		return node;
	default:
		return node;
	}
}

//! Anything, with its name if it is a function.
Node CallOf(const Expression &expr) {
	auto node = NodeOf(NodeKind::Other);
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_FUNCTION) {
		node.text = Lend(expr.Cast<BoundFunctionExpression>().Function().GetName().GetIdentifierName());
	}
	return node;
}

//! What a function does with each value of a list, if it is given that.
optional_ptr<const Expression> LambdaOf(const Expression &expr) {
	if (expr.GetExpressionClass() != ExpressionClass::BOUND_FUNCTION) {
		return nullptr;
	}
	auto &call = expr.Cast<BoundFunctionExpression>();
	auto is_given = call.Function().HasBindLambdaCallback() && call.BindInfo();
	return is_given ? call.BindInfo()->Cast<LambdaFunctionData>().GetLambdaExpression() : nullptr;
}

OperatorKind KindOf(const LogicalOperator &op) {
	switch (op.type) {
	case LogicalOperatorType::LOGICAL_GET: {
		auto &get = op.Cast<LogicalGet>();
		return IsLiveScan(get)	 ? OperatorKind::LiveScan
			   : IsFileScan(get) ? OperatorKind::FileScan
								 : OperatorKind::Other;
	}
	case LogicalOperatorType::LOGICAL_PROJECTION:
		return OperatorKind::Projection;
	case LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY:
		return OperatorKind::Aggregate;
	case LogicalOperatorType::LOGICAL_FILTER:
		return OperatorKind::Filter;
	case LogicalOperatorType::LOGICAL_ORDER_BY:
		return OperatorKind::Order;
	case LogicalOperatorType::LOGICAL_LIMIT:
		return OperatorKind::Limit;
	case LogicalOperatorType::LOGICAL_COMPARISON_JOIN:
	case LogicalOperatorType::LOGICAL_ANY_JOIN:
	case LogicalOperatorType::LOGICAL_CROSS_PRODUCT:
		return OperatorKind::Join;
	case LogicalOperatorType::LOGICAL_MATERIALIZED_CTE:
		return OperatorKind::Cte;
	default:
		return OperatorKind::Other;
	}
}

FlatOperator OperatorOf(const LogicalOperator &op) {
	auto result = FlatOperator {KindOf(op),		  op.children.size(), 0,	  Str {nullptr, 0},
								LiveTable::Stats, Relation::Unified,  nullptr};
	if (op.type == LogicalOperatorType::LOGICAL_GET) {
		auto &get = op.Cast<LogicalGet>();
		result.function = Lend(get.function.GetName().GetIdentifierName());
		if (result.kind == OperatorKind::LiveScan) {
			result.table = LiveTableOf(get);
		} else if (result.kind == OperatorKind::FileScan) {
			result.relation = FileRelationOf(get);
			result.options = FileOptionsOf(get).get();
		}
	}
	return result;
}

//! The plan of a query in parentheses, which is not part of the plan yet.
optional_ptr<LogicalOperator> QueryOf(const Expression &expr) {
	auto is_query = expr.GetExpressionClass() == ExpressionClass::BOUND_SUBQUERY;
	return is_query ? expr.Cast<BoundSubqueryExpression>().Subquery().plan.get() : nullptr;
}

bool HasScanIn(const Expression &expr) {
	auto query = QueryOf(expr);
	auto result = query && HasScan(*query);
	ExpressionIterator::EnumerateChildren(expr, [&](const Expression &child) { result = result || HasScanIn(child); });
	return result;
}

} // namespace

void FlatExpressions::AddColumn(const ColumnBinding &binding) {
	nodes.push_back(NodeOf(NodeKind::Column));
	nodes.back().column = BindingOf(binding);
}

void FlatExpressions::Add(const Expression &expr, optional_ptr<unique_ptr<Expression>> owner) {
	if (ExpressionFilter::IsRootOptionalExpression(expr)) {
		// Of a Top-N or a join, and not applied by DuckDB again: to leave out rows by it is what it is for.
		auto child = ExpressionFilter::GetOptionalFilterChild(expr);
		return child ? Add(*child, nullptr) : nodes.push_back(NodeOf(NodeKind::Other));
	}
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_CONSTANT) {
		return nodes.push_back(ConstantOf(expr.Cast<BoundConstantExpression>().GetValue()));
	}
	auto at = nodes.size();
	auto node = NodeOf(NodeKind::Column);
	node.time = TimeOf(expr.GetReturnType());
	if (TryGetColumn(expr, node.column)) {
		return nodes.push_back(node);
	}
	if (TryGetLookup(expr, node.column)) {
		node.kind = NodeKind::Lookup;
		node.text = Lend(StringValue::Get(KeyOf(expr)));
		node.number = int64_t(lookups.size());
		lookups.push_back(owner);
		return nodes.push_back(node);
	}
	node.kind = KindOf(expr);
	node.text = node.kind == NodeKind::Other ? CallOf(expr).text : node.text;
	nodes.push_back(node);
	// DuckDB tells who owns a child only to those who may replace it, which nobody does here.
	ExpressionIterator::EnumerateChildren(const_cast<Expression &>(expr), [&](unique_ptr<Expression> &child) { // NOLINT
		nodes[at].children++;
		Add(*child, child);
	});
	if (auto query = QueryOf(expr)) {
		queries.push_back(*query);
		nodes[at].children++;
		AddColumn(query->GetColumnBindings()[0]);
	}
	if (auto lambda = LambdaOf(expr)) {
		nodes[at].children++;
		AddCalls(*lambda);
	}
}

void FlatExpressions::AddCalls(const Expression &expr) {
	auto at = nodes.size();
	nodes.push_back(CallOf(expr));
	auto add = [&](const Expression &child) {
		nodes[at].children++;
		AddCalls(child);
	};
	ExpressionIterator::EnumerateChildren(expr, add);
	if (auto lambda = LambdaOf(expr)) {
		add(*lambda);
	}
}

FlattenedPlan::FlattenedPlan(LogicalOperator &plan) {
	Add(plan);
	for (idx_t index = 0; index < expressions.queries.size(); index++) {
		Add(expressions.queries[index]);
	}
}

FlatPlan FlattenedPlan::Lend() const {
	return {flat.data(), flat.size(), tables.data(), tables.size(), expressions.nodes.data(), expressions.nodes.size()};
}

void FlattenedPlan::Add(LogicalOperator &op) {
	operators.push_back(op);
	flat.push_back(OperatorOf(op));
	auto first = tables.size();
	AddTables(op);
	flat.back().tables = tables.size() - first;
	for (auto &child : op.children) {
		Add(*child);
	}
}

void FlattenedPlan::AddTables(LogicalOperator &op) {
	switch (op.type) {
	case LogicalOperatorType::LOGICAL_PROJECTION:
		return Define(op.Cast<LogicalProjection>().table_index, op.expressions);
	case LogicalOperatorType::LOGICAL_WINDOW:
		return Define(op.Cast<LogicalWindow>().window_index, op.expressions);
	case LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY: {
		auto &aggregate = op.Cast<LogicalAggregate>();
		Define(aggregate.group_index, aggregate.groups);
		return Define(aggregate.aggregate_index, op.expressions);
	}
	case LogicalOperatorType::LOGICAL_GET:
		AddScanned(op.Cast<LogicalGet>());
		break;
	case LogicalOperatorType::LOGICAL_UNION:
	case LogicalOperatorType::LOGICAL_EXCEPT:
	case LogicalOperatorType::LOGICAL_INTERSECT:
		for (auto &child : op.children) {
			HandOn(op.Cast<LogicalSetOperation>().table_index, child->GetColumnBindings());
		}
		break;
	case LogicalOperatorType::LOGICAL_MATERIALIZED_CTE:
	case LogicalOperatorType::LOGICAL_RECURSIVE_CTE:
		HandOn(op.Cast<LogicalCTE>().table_index, op.children[0]->GetColumnBindings());
		break;
	case LogicalOperatorType::LOGICAL_CTE_REF: {
		auto &cte = op.Cast<LogicalCTERef>();
		HandOn(cte.table_index, LogicalOperator::GenerateColumnBindings(cte.cte_index, cte.chunk_types.size()));
		break;
	}
	default:
		break;
	}
	// What is a column of nothing, as a condition is.
	tables.push_back({false, 0, 0});
	LogicalOperatorVisitor::EnumerateExpressions(op, [&](unique_ptr<Expression> *expr) {
		tables.back().expressions++;
		expressions.Add(**expr, *expr);
	});
}

void FlattenedPlan::AddScanned(const LogicalGet &get) {
	tables.push_back({true, get.table_index.index, get.GetColumnIds().size()});
	for (auto &column : get.GetColumnIds()) {
		auto node = NodeOf(NodeKind::Other);
		auto position = column.IsVirtualColumn() ? 0 : column.GetPrimaryIndex();
		// What a hive partition is named after is the partition.
		auto is_generated = flat.back().kind == OperatorKind::FileScan && IsPartition(get, position);
		if (flat.back().kind != OperatorKind::Other && !column.IsVirtualColumn() && !is_generated) {
			node.kind = NodeKind::Scanned;
			node.number = int64_t(position);
			node.text = duckspan::Lend(get.names[position].GetIdentifierName());
		}
		expressions.nodes.push_back(node);
	}
}

void FlattenedPlan::Define(TableIndex index, vector<unique_ptr<Expression>> &columns) {
	tables.push_back({true, index.index, columns.size()});
	for (auto &column : columns) {
		expressions.Add(*column, column);
	}
}

void FlattenedPlan::HandOn(TableIndex index, const vector<ColumnBinding> &columns) {
	tables.push_back({true, index.index, columns.size()});
	for (auto &column : columns) {
		expressions.AddColumn(column);
	}
}

bool HasScan(LogicalOperator &plan) {
	auto result = KindOf(plan) == OperatorKind::LiveScan || KindOf(plan) == OperatorKind::FileScan;
	for (auto &child : plan.children) {
		result = result || HasScan(*child);
	}
	if (!result) {
		LogicalOperatorVisitor::EnumerateExpressions(
			plan, [&](unique_ptr<Expression> *expr) { result = result || HasScanIn(**expr); });
	}
	return result;
}

void WhenBound(DatabaseInstance &db, post_bind_function_t look) {
	PlannerExtension extension;
	extension.post_bind_function = look;
	PlannerExtension::Register(DBConfig::GetConfig(db), std::move(extension));
}

} // namespace duckspan
