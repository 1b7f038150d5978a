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

void RegisterScalar(ExtensionLoader &loader, ScalarFunctionSet set, const string &text, const string &example) {
	CreateScalarFunctionInfo info(std::move(set));
	info.descriptions.push_back(Describe(text, {example}));
	loader.RegisterFunction(std::move(info));
}

void RegisterTyped(ExtensionLoader &loader, const string &name, Relation relation, scalar_function_t read) {
	// DuckDB moves what is no volatile function into each condition on it, and computes it there anew.
	for (auto stability : {FunctionStability::CONSISTENT, FunctionStability::VOLATILE}) {
		auto is_hidden = stability == FunctionStability::VOLATILE;
		auto called = is_hidden ? "__" + name : name;
		ScalarFunction function({LogicalType::VARCHAR, LogicalType::VARCHAR}, StructOf(relation), read);
		// A row may be without a resource.
		function.SetNullHandling(FunctionNullHandling::SPECIAL_HANDLING);
		function.SetStability(stability);
		function.SetFallible();
		ScalarFunctionSet set((Identifier(called)));
		set.AddFunction(std::move(function));
		string text =
			"The typed columns of a row of read_otlp or of a receiver, of its resource and data; NULL if it is "
			"of another signal.";
		RegisterScalar(loader, std::move(set), is_hidden ? text + " Computed once a row, for other macros." : text,
					   "SELECT " + called + "(resource, data) FROM read_otlp('x.jsonl')");
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
	RegisterScalar(loader, std::move(rows),
				   "The rows of a value that is OTLP in any form that read_otlp knows, JSON or protobuf. What is none "
				   "is an error, and NULL in TRY(otlp_rows(value)).",
				   "SELECT unnest(otlp_rows(body), recursive := true) FROM messages");
}

} // namespace duckspan
