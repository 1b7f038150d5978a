#include "duckdb.hpp"
#include "duckdb/parser/parsed_data/create_macro_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/create_statement.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

void RegisterMacros(ExtensionLoader &loader) {
	auto parser = Parser::GetBuiltinParser();
	auto count = Call(duckspan_macro_count);
	for (idx_t position = 0; position < count; position++) {
		auto found = Call(duckspan_macro, position);
		parser.ParseQuery(Own(found.sql));
		auto &info = parser.statements.back()->Cast<CreateStatement>().info->Cast<CreateMacroInfo>();
		FunctionDescription description;
		description.description = Own(found.description);
		description.examples = {Own(found.example)};
		description.categories = {"otlp"};
		info.descriptions.push_back(std::move(description));
		info.SetQualifiedName(QualifiedName({Identifier::DefaultSchema()}, info.GetFunctionName()));
		info.internal = true;
		loader.RegisterFunction(info);
	}
}

} // namespace duckspan
