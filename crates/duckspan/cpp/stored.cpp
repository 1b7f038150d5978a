//! Functions that read OTLP from columns of other tables.

#include "duckdb.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/parser/parsed_data/create_scalar_function_info.hpp"

#include "extension.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

template <Relation RELATION> void ReadTyped(DataChunk &arguments, ExpressionState &, Vector &result) {
	auto count = arguments.size();
	arguments.Flatten();
	Call(duckspan_stored_typed, RELATION, &arguments.data[0], &arguments.data[1], count, &result);
}

void ReadRows(DataChunk &arguments, ExpressionState &, Vector &result) {
	auto count = arguments.size();
	arguments.Flatten();
	Call(duckspan_stored_rows, &arguments.data[0], count, &result);
}

LogicalType StructOf(Relation relation) {
	Columns columns(relation, false);
	child_list_t<LogicalType> members;
	for (idx_t position = 0; position < columns.names.size(); position++) {
		members.emplace_back(columns.names[position], columns.types[position]);
	}
	return LogicalType::STRUCT(std::move(members));
}

void RegisterScalar(ExtensionLoader &loader, ScalarFunctionSet set) {
	auto description = Describe(set.name.GetIdentifierName());
	CreateScalarFunctionInfo info(std::move(set));
	info.descriptions.push_back(std::move(description));
	loader.RegisterFunction(std::move(info));
}

void RegisterTyped(ExtensionLoader &loader, const string &name, Relation relation, scalar_function_t read) {
	// DuckDB moves what is no volatile function into each condition on it, and computes it there anew.
	for (auto stability : {FunctionStability::CONSISTENT, FunctionStability::VOLATILE}) {
		ScalarFunction function({LogicalType::VARCHAR, LogicalType::VARCHAR}, StructOf(relation), read);
		// A row may be without a resource.
		function.SetNullHandling(FunctionNullHandling::SPECIAL_HANDLING);
		function.SetStability(stability);
		function.SetFallible();
		ScalarFunctionSet set(Identifier(stability == FunctionStability::VOLATILE ? "__" + name : name));
		set.AddFunction(std::move(function));
		RegisterScalar(loader, std::move(set));
	}
}

} // namespace

void RegisterStored(ExtensionLoader &loader) {
	RegisterTyped(loader, "otlp_span", Relation::Spans, ReadTyped<Relation::Spans>);
	RegisterTyped(loader, "otlp_log_record", Relation::LogRecords, ReadTyped<Relation::LogRecords>);
	RegisterTyped(loader, "otlp_data_point", Relation::DataPoints, ReadTyped<Relation::DataPoints>);
	auto json = LogicalType::JSON();
	auto row = LogicalType::STRUCT(
		{{"signal", LogicalType::VARCHAR}, {"timestamp", LogicalType::TIMESTAMP}, {"resource", json}, {"data", json}});
	ScalarFunctionSet rows("otlp_rows");
	for (auto type : {LogicalTypeId::VARCHAR, LogicalTypeId::BLOB}) {
		ScalarFunction function({LogicalType(type)}, LogicalType::LIST(row), ReadRows);
		function.SetFallible();
		rows.AddFunction(std::move(function));
	}
	RegisterScalar(loader, std::move(rows));
}

} // namespace duckspan
