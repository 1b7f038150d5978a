//! Reads `attributes->>'key'`, and `data->>'name'` of a live table, as a column of its own. Where that is of use is
//! Rust's to say.

#include "duckdb.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"

#include "extension.hpp"
#include "live.hpp"
#include "plan.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

using EditsHandle = Handle<Edits, duckspan_edits_free>;

//! Lets a scan read `->>'key'` of a column too, as its next column.
void AddMember(LogicalGet &get, idx_t column, const string &key) {
	auto position = get.GetColumnIds()[column].GetPrimaryIndex();
	Member member {position, get.names[position], key};
	auto id = IsLiveScan(get) ? AddLiveMember(get, member) : AddFileMember(get, member);
	get.virtual_columns.insert({id, member.ToColumn()});
	get.AddColumnId(id);
}

unique_ptr<Expression> ColumnAt(const Binding &column, const Identifier &alias) {
	ColumnBinding binding(TableIndex(column.table), ProjectionIndex(column.column));
	return make_uniq<BoundColumnRefExpression>(alias, LogicalType::VARCHAR, binding);
}

void Apply(const FlatEdit &edit, FlattenedPlan &plan) {
	switch (edit.kind) {
	case EditKind::Read:
		return AddMember(plan.operators[edit.at].get().Cast<LogicalGet>(), edit.column.column, Own(edit.key));
	case EditKind::Replace: {
		auto &lookup = *plan.expressions.lookups[edit.at];
		lookup = ColumnAt(edit.column, lookup->GetAlias());
		return;
	}
	case EditKind::Append:
		return plan.operators[edit.at].get().expressions.push_back(ColumnAt(edit.column, Identifier(Own(edit.key))));
	}
}

//! Turns this off, to tell whether it is to blame for an answer.
constexpr const char *SETTING = "otlp_member_columns";

void Optimize(OptimizerExtensionInput &input, unique_ptr<LogicalOperator> &plan) {
	Value is_on;
	if (input.context.TryGetCurrentSetting(Identifier(SETTING), is_on) && !BooleanValue::Get(is_on)) {
		return;
	}
	if (!HasScan(*plan)) {
		return;
	}
	FlattenedPlan flat(*plan);
	auto lent = flat.Lend();
	EditsHandle edits(Call(duckspan_edits_new, &lent));
	FlatEdit edit {};
	while (Call(duckspan_edits_next, edits.get(), &edit)) {
		Apply(edit, flat);
	}
	// Operators know the types of their columns, of which there are more now.
	plan->ResolveOperatorTypes();
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
