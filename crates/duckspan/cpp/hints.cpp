//! Adds to the errors of queries over OTLP what leads to the column that they look for.

#include "duckdb.hpp"
#include "duckdb/planner/operator/logical_extension_operator.hpp"
#include "duckdb/planner/operator_extension.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! What a query was bound to last.
struct BoundRows : public ClientContextState {
	transaction_t query = MAXIMUM_QUERY_ID;
	//! Empty for files.
	string receiver;
	LiveTable table = LiveTable::Traces;
	Relation relation = Relation::Unified;
};

constexpr const char *BOUND_ROWS = "duckspan_bound_rows";

//! The column that was not found, if the error names it.
string MissingColumn(const ErrorData &error) {
	auto &info = error.ExtraInfo();
	auto subtype = info.find("error_subtype");
	auto name = info.find("name");
	auto is_named = subtype != info.end() && subtype->second == "COLUMN_NOT_FOUND" && name != info.end();
	return is_named ? name->second : string();
}

void AddHint(ClientContext &context, const ErrorData &error) {
	auto bound = context.registered_state->Get<BoundRows>(BOUND_ROWS);
	if (!bound || bound->query != context.transaction.GetActiveQuery()) {
		return;
	}
	auto missing = MissingColumn(error);
	auto hint = Call(duckspan_hint, Lend(error.RawMessage()), Lend(missing), Lend(bound->receiver), bound->table,
					 bound->relation);
	if (hint.data) {
		throw BinderException(error.ExtraInfo(), error.RawMessage() + "\n" + Take(hint));
	}
}

//! DuckDB asks operators of extensions to bind what it could not. This one binds nothing, but says more of the error.
struct Hints : public OperatorExtension {
	Hints() {
		Bind = [](ClientContext &context, Binder &, OperatorExtensionInfo *, SQLStatement &) {
			try {
				std::rethrow_exception(std::current_exception());
			} catch (std::exception &error) {
				AddHint(context, ErrorData(error));
			}
			return BoundStatement();
		};
	}
	string GetName() override {
		return "duckspan_hints";
	}
	unique_ptr<LogicalExtensionOperator> Deserialize(Deserializer &) override {
		throw SerializationException("DuckSpan has no operators");
	}
};

} // namespace

void NoteRows(ClientContext &context, const string &receiver, LiveTable table, Relation relation) {
	auto bound = context.registered_state->GetOrCreate<BoundRows>(BOUND_ROWS);
	bound->query = context.transaction.GetActiveQuery();
	bound->receiver = receiver;
	bound->table = table;
	bound->relation = relation;
}

void RegisterHints(DatabaseInstance &db) {
	OperatorExtension::Register(DBConfig::GetConfig(db), make_shared_ptr<Hints>());
}

} // namespace duckspan
