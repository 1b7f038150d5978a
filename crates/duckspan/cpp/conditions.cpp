//! Hands conditions on columns to Rust, which knows what can be told of them from bytes.

#include "scan.hpp"

#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! The right side of `column->>'key'`.
const Value &KeyOf(const Expression &lookup) {
	return lookup.Cast<BoundFunctionExpression>().GetChildren()[1]->Cast<BoundConstantExpression>().GetValue();
}

//! Whether it is `column->>'key'`.
bool IsLookup(const Expression &expr) {
	if (expr.GetExpressionClass() != ExpressionClass::BOUND_FUNCTION) {
		return false;
	}
	auto &function = expr.Cast<BoundFunctionExpression>();
	auto &name = function.Function().GetName();
	auto &children = function.GetChildren();
	if ((name != "->>" && name != "json_extract_string") || children.size() != 2 ||
		!ExpressionFilter::IsSimpleFilterColumnRef(*children[0]) ||
		children[1]->GetExpressionClass() != ExpressionClass::BOUND_CONSTANT) {
		return false;
	}
	auto &key = KeyOf(expr);
	return !key.IsNull() && key.type().id() == LogicalTypeId::VARCHAR && !StringValue::Get(key).empty();
}

NodeKind KindOf(ExpressionType type) {
	switch (type) {
	case ExpressionType::CONJUNCTION_AND:
		return NodeKind::And;
	case ExpressionType::CONJUNCTION_OR:
		return NodeKind::Or;
	case ExpressionType::COMPARE_IN:
		return NodeKind::In;
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
		return NodeKind::Other;
	}
}

//! A constant, which is lent.
Node NodeOf(const Value &value) {
	Node node {NodeKind::Other, 0, Str {nullptr, 0}, 0};
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

//! Adds the nodes of an expression, each before its children.
void Add(vector<Node> &nodes, const Expression &expr) {
	Node node {NodeKind::Other, 0, Str {nullptr, 0}, 0};
	if (ExpressionFilter::IsRootOptionalExpression(expr)) {
		// Of a Top-N or a join, and not applied by DuckDB again: to leave out rows by it is what it is for.
		auto child = ExpressionFilter::GetOptionalFilterChild(expr);
		return child ? Add(nodes, *child) : nodes.push_back(node);
	}
	if (ExpressionFilter::IsSimpleFilterColumnRef(expr)) {
		node.kind = NodeKind::Column;
		return nodes.push_back(node);
	}
	if (IsLookup(expr)) {
		node.kind = NodeKind::Column;
		node.text = Lend(StringValue::Get(KeyOf(expr)));
		return nodes.push_back(node);
	}
	if (expr.GetExpressionClass() == ExpressionClass::BOUND_CONSTANT) {
		return nodes.push_back(NodeOf(expr.Cast<BoundConstantExpression>().GetValue()));
	}
	auto at = nodes.size();
	node.kind = KindOf(expr.GetExpressionType());
	nodes.push_back(node);
	if (node.kind != NodeKind::Other) {
		ExpressionIterator::EnumerateChildren(expr, [&](const Expression &child) {
			nodes[at].children++;
			Add(nodes, child);
		});
	}
}

vector<Node> NodesOf(const Expression &expr) {
	vector<Node> nodes;
	Add(nodes, expr);
	return nodes;
}

} // namespace

string LookupKey(const Expression &lookup) {
	return StringValue::Get(KeyOf(lookup));
}

optional_ptr<const BoundColumnRefExpression> LookupColumn(const Expression &expr) {
	if (!IsLookup(expr)) {
		return nullptr;
	}
	auto &column = *expr.Cast<BoundFunctionExpression>().GetChildren()[0];
	if (column.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
		return nullptr;
	}
	auto &reference = column.Cast<BoundColumnRefExpression>();
	return reference.Depth() == 0 ? &reference : nullptr;
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
