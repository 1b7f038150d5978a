//! Reads `attributes->>'key'`, and `data->>'name'` of a live table, as a column of its own: one member is found in the
//! bytes, instead of all of them being written as JSON and read again.

#include "duckdb.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"

#include "extension.hpp"
#include "live.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

bool IsFileScan(const LogicalGet &get) {
	Relation relation;
	return TryGetFileRelation(get, relation);
}

bool HasMember(const LogicalGet &get, ProjectionIndex column, const string &key) {
	return IsLiveScan(get) ? HasLiveMember(get, column, key) : HasFileMember(get, column, key);
}

//! Lets a scan read `->>'key'` of a column too; the column it becomes.
ProjectionIndex AddMember(LogicalGet &get, ProjectionIndex column, const string &key) {
	auto position = get.GetColumnIds()[column].GetPrimaryIndex();
	Member member {position, get.names[position], key};
	auto id = IsLiveScan(get) ? AddLiveMember(get, member) : AddFileMember(get, member);
	get.virtual_columns.insert({id, member.ToColumn()});
	auto index = get.TryGetProjectionIndex(id);
	return index.IsValid() ? index : get.AddColumnId(id);
}

//! What has columns under an index of its own: scans, and projections, through which views look at them.
struct Sources {
	unordered_map<TableIndex, reference<LogicalOperator>> all;
	bool has_scans = false;

	//! DuckDB may copy what stands in a CTE, and a copy of a scan of files knows none of the columns that were added
	//! to it: it is bound anew by what was written in the query.
	void Find(LogicalOperator &op, bool in_cte) {
		if (op.type == LogicalOperatorType::LOGICAL_PROJECTION) {
			all.emplace(op.Cast<LogicalProjection>().table_index, op);
		} else if (op.type == LogicalOperatorType::LOGICAL_GET) {
			auto &get = op.Cast<LogicalGet>();
			if (IsLiveScan(get) || (IsFileScan(get) && !in_cte)) {
				all.emplace(get.table_index, op);
				has_scans = true;
			}
		}
		auto defines = op.type == LogicalOperatorType::LOGICAL_MATERIALIZED_CTE;
		for (idx_t index = 0; index < op.children.size(); index++) {
			Find(*op.children[index], in_cte || (defines && index == 0));
		}
	}
};

using Below = unordered_map<TableIndex, reference<LogicalOperator>>;

//! Whether the columns of what is below pass through, however many they are.
bool PassesThrough(const LogicalOperator &op) {
	// Only what names columns by their binding. What takes them by position, as a union or a DISTINCT does, would
	// take one that is added for one of its own; and what is not known here passes nothing through, which costs
	// speed only.
	switch (op.type) {
	case LogicalOperatorType::LOGICAL_FILTER:
	case LogicalOperatorType::LOGICAL_ORDER_BY:
	case LogicalOperatorType::LOGICAL_LIMIT:
	case LogicalOperatorType::LOGICAL_COMPARISON_JOIN:
	case LogicalOperatorType::LOGICAL_ANY_JOIN:
	case LogicalOperatorType::LOGICAL_CROSS_PRODUCT:
		return true;
	default:
		return false;
	}
}

//! The operators whose expressions see the columns of the sources below `op`, as far as these pass through.
void FindReaders(LogicalOperator &op, Below &below, vector<reference<LogicalOperator>> &readers) {
	readers.push_back(op);
	for (auto &child : op.children) {
		if (PassesThrough(*child)) {
			FindReaders(*child, below, readers);
		} else if (child->type == LogicalOperatorType::LOGICAL_PROJECTION) {
			// A projection hides what is below it: that is looked at when it is its turn to be the reader.
			below.emplace(child->Cast<LogicalProjection>().table_index, *child);
		} else if (child->type == LogicalOperatorType::LOGICAL_GET) {
			below.emplace(child->Cast<LogicalGet>().table_index, *child);
		}
	}
}

class Rewriter {
public:
	explicit Rewriter(Sources sources) : sources(std::move(sources)) {
	}

	void Rewrite(LogicalOperator &op) {
		// Only below these are columns added: what is above them sees their own columns, which stay as they are. A
		// union or an INSERT would take every further column of its child for one of its own.
		if (op.type == LogicalOperatorType::LOGICAL_PROJECTION ||
			op.type == LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY) {
			Below below;
			vector<reference<LogicalOperator>> readers;
			FindReaders(op, below, readers);
			for (auto &reader : readers) {
				LogicalOperatorVisitor::EnumerateExpressions(
					reader.get(), [&](unique_ptr<Expression> *expr) { Replace(*expr, below); });
			}
		}
		for (auto &child : op.children) {
			Rewrite(*child);
		}
	}

private:
	void Replace(unique_ptr<Expression> &expr, const Below &below) {
		// From the outside in: `attributes->>'a'` is replaced as a whole, before its column by itself is looked at.
		if (auto column = LookupColumn(*expr)) {
			auto source = below.find(column->Binding().table_index);
			if (source != below.end() && IsMember(*expr, column->Binding())) {
				auto binding = Read(*expr, column->Binding(), source->second.get());
				expr = make_uniq<BoundColumnRefExpression>(expr->GetAlias(), LogicalType::VARCHAR, binding);
				return;
			}
		}
		ExpressionIterator::EnumerateChildren(*expr, [&](unique_ptr<Expression> &child) { Replace(child, below); });
	}

	//! Whether a column that is seen through projections is a scan's, which can read that member of it.
	bool IsMember(const Expression &expr, ColumnBinding binding) const {
		while (true) {
			auto entry = sources.all.find(binding.table_index);
			if (entry == sources.all.end()) {
				return false;
			}
			auto &source = entry->second.get();
			if (source.type == LogicalOperatorType::LOGICAL_GET) {
				return HasMember(source.Cast<LogicalGet>(), binding.column_index, LookupKey(expr));
			}
			// A view that makes something of the column hides it: only what it hands on as it is can be followed.
			auto &inner = *source.Cast<LogicalProjection>().expressions[binding.column_index];
			if (inner.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
				return false;
			}
			binding = inner.Cast<BoundColumnRefExpression>().Binding();
		}
	}

	//! The column of a source that has the member, which is added where it is not there.
	ColumnBinding Read(const Expression &expr, ColumnBinding column, LogicalOperator &source) {
		if (source.type == LogicalOperatorType::LOGICAL_GET) {
			auto &get = source.Cast<LogicalGet>();
			return ColumnBinding(get.table_index, AddMember(get, column.column_index, LookupKey(expr)));
		}
		// A view's projection hands out another column, and what is below it is asked in turn, as its expressions are
		// visited after those above.
		auto &projection = source.Cast<LogicalProjection>();
		auto &expressions = projection.expressions;
		auto inner = expr.Copy();
		inner->Cast<BoundFunctionExpression>().GetChildrenMutable()[0] = expressions[column.column_index]->Copy();
		// The same member asked for twice is one column, so that grouping by it and showing it agree.
		for (idx_t index = 0; index < expressions.size(); index++) {
			if (expressions[index]->Equals(*inner)) {
				return ColumnBinding(projection.table_index, ProjectionIndex(index));
			}
		}
		expressions.push_back(std::move(inner));
		return ColumnBinding(projection.table_index, ProjectionIndex(expressions.size() - 1));
	}

	Sources sources;
};

//! Turns this off, to tell whether it is to blame for an answer.
constexpr const char *SETTING = "otlp_member_columns";

void Optimize(OptimizerExtensionInput &input, unique_ptr<LogicalOperator> &plan) {
	Value is_on;
	if (input.context.TryGetCurrentSetting(Identifier(SETTING), is_on) && !BooleanValue::Get(is_on)) {
		return;
	}
	Sources sources;
	sources.Find(*plan, false);
	if (sources.has_scans) {
		Rewriter(std::move(sources)).Rewrite(*plan);
		// Operators know the types of their columns, of which there are more now.
		plan->ResolveOperatorTypes();
	}
}

} // namespace

void RegisterMembers(DatabaseInstance &db) {
	auto &config = DBConfig::GetConfig(db);
	config.AddExtensionOption(
		Identifier(SETTING),
		"Whether attributes->>'key', and data->>'name' of live tables, are read as columns of their own",
		LogicalType::BOOLEAN, Value::BOOLEAN(true));
}

void ReadMembers(DatabaseInstance &db, Shared &shared) {
	std::call_once(shared.members, [&db]() {
		OptimizerExtension extension;
		// Before DuckDB's own optimizers: they push filters into the scan, and leave out columns that nobody reads.
		extension.pre_optimize_function = Optimize;
		OptimizerExtension::Register(DBConfig::GetConfig(db), std::move(extension));
	});
}

} // namespace duckspan
