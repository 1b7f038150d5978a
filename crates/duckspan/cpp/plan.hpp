//! Plans and expressions of DuckDB's as Rust reads them: as flat lists, which lend what they hold.
#pragma once

#include "duckdb/planner/column_binding.hpp"
#include "duckdb/planner/expression.hpp"
#include "duckdb/planner/logical_operator.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/planner_extension.hpp"
#include "boundary.hpp"

namespace duckspan {

//! Expressions, each node before its children.
struct FlatExpressions {
	//! Adds an expression. Who owns it may replace it.
	void Add(const duckdb::Expression &expr, duckdb::optional_ptr<duckdb::unique_ptr<duckdb::Expression>> owner);
	void AddColumn(const duckdb::ColumnBinding &binding);
	//! Adds what is called in the body of a lambda, the parameters of which are columns of no table.
	void AddCalls(const duckdb::Expression &expr);

	duckdb::vector<Node> nodes;
	//! Who owns the lookups, by the place that their nodes name.
	duckdb::vector<duckdb::optional_ptr<duckdb::unique_ptr<duckdb::Expression>>> lookups;
	//! Queries in parentheses, which are not part of a plan yet.
	duckdb::vector<duckdb::reference<duckdb::LogicalOperator>> queries;
};

//! A plan, and its operators and lookups by their numbers.
class FlattenedPlan {
public:
	explicit FlattenedPlan(duckdb::LogicalOperator &plan);
	FlatPlan Lend() const;

	duckdb::vector<duckdb::reference<duckdb::LogicalOperator>> operators;
	FlatExpressions expressions;

private:
	void Add(duckdb::LogicalOperator &op);
	void AddTables(duckdb::LogicalOperator &op);
	void AddScanned(const duckdb::LogicalGet &get);
	void Define(duckdb::TableIndex index, duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> &columns);
	void HandOn(duckdb::TableIndex index, const duckdb::vector<duckdb::ColumnBinding> &columns);

	duckdb::vector<FlatOperator> flat;
	duckdb::vector<FlatTable> tables;
};

//! Whether a plan scans OTLP somewhere.
bool HasScan(duckdb::LogicalOperator &plan);

//! Lets a function look at each plan that is bound.
void WhenBound(duckdb::DatabaseInstance &db, duckdb::post_bind_function_t look);

} // namespace duckspan
