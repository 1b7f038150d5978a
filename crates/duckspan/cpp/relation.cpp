//! `FROM __otlp_relation('spans', spans)`: the relation that a macro was given by name, if it is of that kind.

#include "duckdb.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"

#include "extension.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

string OnlyReceiver(ClientContext &context, const string &kind) {
	auto names = Receivers(context);
	auto lent = LendAll(names);
	return Take(Call(duckspan_given_only, Lend(kind), lent.data(), lent.size()));
}

BoundStatement BindTable(Binder &binder, const string &name) {
	vector<unique_ptr<ParsedExpression>> arguments;
	arguments.push_back(ConstantExpression::String(name));
	TableFunctionRef table;
	table.function = make_uniq<FunctionExpression>(Identifier("query_table"), std::move(arguments));
	return binder.Bind(static_cast<TableRef &>(table));
}

//! Resource and data of each row of a table or view, and its signal where that has one.
unique_ptr<LogicalOperator> BindRows(ClientContext &context, TableFunctionBindInput &input, TableIndex index,
									 vector<Identifier> &names) {
	auto kind = StringValue::Get(input.inputs[0]);
	auto name = input.inputs[1].ToString();
	auto binder = Binder::CreateBinder(context, input.binder.get());
	auto table = BindTable(*binder, name);
	vector<string> columns;
	for (auto &column : table.names) {
		columns.push_back(column.GetIdentifierName());
	}
	auto lent = LendAll(columns);
	Call(duckspan_given_check_rows, Lend(kind), Lend(name), lent.data(), lent.size());
	auto bindings = table.plan->GetColumnBindings();
	vector<unique_ptr<Expression>> expressions;
	for (auto wanted : {"resource", "data", "signal"}) {
		names.emplace_back(wanted);
		unique_ptr<Expression> expression;
		for (idx_t position = 0; position < bindings.size(); position++) {
			if (table.names[position] == names.back()) {
				auto type = table.types[position];
				expression = make_uniq<BoundColumnRefExpression>(names.back(), type, bindings[position]);
			}
		}
		if (!expression) {
			expression = make_uniq<BoundConstantExpression>(Value(LogicalType::VARCHAR));
		}
		expressions.push_back(BoundCastExpression::AddCastToType(context, std::move(expression), LogicalType::VARCHAR));
	}
	auto result = make_uniq<LogicalProjection>(index, std::move(expressions));
	result->children.push_back(std::move(table.plan));
	return std::move(result);
}

unique_ptr<LogicalOperator> BindRelation(ClientContext &context, TableFunctionBindInput &input, TableIndex index,
										 vector<Identifier> &names) {
	auto kind = StringValue::Get(input.inputs[0]);
	auto name = input.inputs[1].IsNull() ? OnlyReceiver(context, kind) : StringValue::Get(input.inputs[1]);
	Call(duckspan_given_check_name, Lend(kind), Lend(name));
	auto binder = Binder::CreateBinder(context, input.binder.get());
	auto table = BindTable(*binder, name);
	vector<string> columns;
	vector<unique_ptr<Expression>> expressions;
	auto bindings = table.plan->GetColumnBindings();
	for (idx_t position = 0; position < bindings.size(); position++) {
		names.push_back(table.names[position]);
		columns.push_back(table.names[position].GetIdentifierName());
		expressions.push_back(
			make_uniq<BoundColumnRefExpression>(names.back(), table.types[position], bindings[position]));
	}
	auto lent = LendAll(columns);
	Call(duckspan_given_check_columns, Lend(kind), Lend(name), lent.data(), lent.size());
	auto result = make_uniq<LogicalProjection>(index, std::move(expressions));
	result->children.push_back(std::move(table.plan));
	return std::move(result);
}

} // namespace

static void RegisterNamed(ExtensionLoader &loader, const string &name, table_function_bind_operator_t bind) {
	TableFunction function(Identifier(name),
						   FunctionSignature()
							   .AddPositionalOnly("kind", LogicalType::VARCHAR)
							   .AddPositionalOnly("name", LogicalType::VARCHAR),
						   nullptr, nullptr);
	function.bind_operator = bind;
	RegisterFunction(loader, std::move(function));
}

void RegisterRelation(ExtensionLoader &loader) {
	RegisterNamed(loader, "__otlp_relation", BindRelation);
	RegisterNamed(loader, "__otlp_rows", BindRows);
}

} // namespace duckspan
