//! Refuses comparisons of OTLP's columns that DuckDB would answer, but wrongly and without a word. Which these are is
//! Rust's to say.

#include "duckdb.hpp"

#include "extension.hpp"
#include "plan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

static void CheckComparisons(PlannerExtensionInput &input, BoundStatement &statement) {
	if (!statement.plan || !HasScan(*statement.plan)) {
		return;
	}
	Value zone;
	input.context.TryGetCurrentSetting("TimeZone", zone);
	auto name = zone.IsNull() ? string() : zone.ToString();
	FlattenedPlan plan(*statement.plan);
	auto lent = plan.Lend();
	Call(duckspan_plan_check_comparisons, &lent, Lend(name));
}

void RegisterComparisons(DatabaseInstance &db) {
	WhenBound(db, CheckComparisons);
}

} // namespace duckspan
