//! What Rust calls to run SQL of its own. Nothing here keeps a database open but a connection, while there is one.

#include "duckdb.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/query_result_stream.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"

#include "boundary.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace {

//! Hands out the rows of a result as text; NULL is text without data.
void Emit(QueryResult &result, void *rows, void (*add)(void *, const duckspan::Str *, uintptr_t)) {
	while (auto chunk = result.Fetch()) {
		for (idx_t row = 0; row < chunk->size(); row++) {
			vector<Value> values;
			vector<duckspan::Str> lent;
			for (idx_t column = 0; column < chunk->ColumnCount(); column++) {
				values.push_back(chunk->GetValue(column, row).DefaultCastAs(LogicalType::VARCHAR));
			}
			for (auto &value : values) {
				lent.push_back(value.IsNull() ? duckspan::Str {nullptr, 0} : duckspan::Lend(StringValue::Get(value)));
			}
			add(rows, lent.data(), lent.size());
		}
	}
}

void Complete(QueryResult &result) {
	// Nothing is run before somebody looks.
	result.Complete();
	if (result.HasError()) {
		result.GetErrorObject().Throw();
	}
}

//! Statements of which the last one's result is read as it comes.
struct Script {
	explicit Script(Connection &connection) : connection(connection) {
	}
	Connection &connection;
	vector<unique_ptr<SQLStatement>> statements;
	unique_ptr<QueryResultStream<>> result;
	//! What comes next, if that had to be read before the columns were known.
	unique_ptr<DataChunk> ahead;
	//! What is lent to Rust.
	unique_ptr<DataChunk> read;
	DataChunk shown;
	vector<Vector *> vectors;
};

bool IsQuery(const SQLStatement &statement) {
	if (statement.type == StatementType::EXPLAIN_STATEMENT) {
		return IsQuery(*statement.Cast<ExplainStatement>().stmt);
	}
	return statement.type == StatementType::SELECT_STATEMENT;
}

//! The type that values of a type are handed out as: their own if every reader knows it, else text.
LogicalType ShownAs(const LogicalType &type) {
	switch (type.id()) {
	case LogicalTypeId::BOOLEAN:
	case LogicalTypeId::TINYINT:
	case LogicalTypeId::SMALLINT:
	case LogicalTypeId::INTEGER:
	case LogicalTypeId::UTINYINT:
	case LogicalTypeId::USMALLINT:
	case LogicalTypeId::UINTEGER:
	case LogicalTypeId::FLOAT:
	case LogicalTypeId::DOUBLE:
		return LogicalType(type.id());
	case LogicalTypeId::STRUCT:
	case LogicalTypeId::LIST:
	case LogicalTypeId::ARRAY:
	case LogicalTypeId::MAP:
	case LogicalTypeId::UNION:
	case LogicalTypeId::VARIANT:
		return LogicalType::JSON();
	default:
		return LogicalType::VARCHAR;
	}
}

unique_ptr<DataChunk> Next(Script &script) {
	auto chunk = script.result->Fetch();
	if (!chunk && script.result->HasError()) {
		script.result->GetErrorObject().Throw();
	}
	return chunk;
}

} // namespace

extern "C" bool duckspan_sql_connect(const void *database, void **connection) {
	return duckspan::Contain([&] {
		auto db = static_cast<const weak_ptr<DatabaseInstance> *>(database)->lock();
		*connection = db ? new Connection(*db) : nullptr;
	});
}

extern "C" bool duckspan_sql_run(void *connection, duckspan::Str sql, void *rows,
								 void (*add)(void *, const duckspan::Str *, uintptr_t)) {
	return duckspan::Contain([&] {
		auto result = static_cast<Connection *>(connection)->Query(duckspan::Own(sql));
		Complete(*result);
		Emit(*result, rows, add);
	});
}

extern "C" bool duckspan_sql_parse(void *connection, duckspan::Str sql, void **script, uint64_t *statements,
								   bool *is_query) {
	return duckspan::Contain([&] {
		auto parsed = make_uniq<Script>(*static_cast<Connection *>(connection));
		parsed->statements = parsed->connection.ExtractStatements(duckspan::Own(sql));
		*statements = parsed->statements.size();
		*is_query = !parsed->statements.empty() && IsQuery(*parsed->statements.back());
		*script = parsed.release();
	});
}

extern "C" bool duckspan_sql_submit(void *script, void *columns,
									void (*add)(void *, duckspan::Str name, duckspan::Str type, uint8_t shown_as)) {
	return duckspan::Contain([&] {
		auto &running = *static_cast<Script *>(script);
		for (auto &statement : running.statements) {
			if (statement != running.statements.back()) {
				Complete(*running.connection.Query(std::move(statement)));
			}
		}
		auto result = running.connection.Submit(std::move(running.statements.back()));
		if (result->HasError()) {
			result->GetErrorObject().Throw();
		}
		running.result = make_uniq<QueryResultStream<>>(std::move(result));
		if (!running.result->MetadataAvailable()) {
			running.ahead = Next(running);
		}
		vector<LogicalType> types;
		for (auto &type : running.result->GetTypes()) {
			auto &name = running.result->GetNames()[types.size()].GetIdentifierName();
			auto described = type.ToString();
			types.push_back(ShownAs(type));
			add(columns, duckspan::Lend(name), duckspan::Lend(described), uint8_t(types.back().InternalType()));
		}
		running.shown.Initialize(Allocator::DefaultAllocator(), types);
	});
}

extern "C" bool duckspan_sql_fetch(void *script, uint64_t *rows, void *const **vectors) {
	return duckspan::Contain([&] {
		auto &running = *static_cast<Script *>(script);
		running.read = running.ahead ? std::move(running.ahead) : Next(running);
		*rows = running.read ? running.read->size() : 0;
		running.vectors.clear();
		running.shown.Reset();
		for (idx_t column = 0; *rows > 0 && column < running.shown.ColumnCount(); column++) {
			auto &read = running.read->data[column];
			auto &shown = running.shown.data[column];
			if (read.GetType() == shown.GetType()) {
				shown.Reference(read);
			} else {
				VectorOperations::Cast(*running.connection.context, read, shown, *rows);
			}
			shown.Flatten();
			running.vectors.push_back(&shown);
		}
		*vectors = reinterpret_cast<void *const *>(running.vectors.data());
	});
}

extern "C" bool duckspan_sql_end(void *script) {
	return duckspan::Contain([&] { delete static_cast<Script *>(script); });
}

extern "C" bool duckspan_sql_interrupt(void *connection) {
	return duckspan::Contain([&] { static_cast<Connection *>(connection)->Interrupt(); });
}

extern "C" bool duckspan_sql_progress(void *connection, double *percentage) {
	return duckspan::Contain([&] { *percentage = static_cast<Connection *>(connection)->GetQueryProgress(); });
}

extern "C" bool duckspan_sql_close(void *connection) {
	return duckspan::Contain([&] { delete static_cast<Connection *>(connection); });
}

extern "C" bool duckspan_sql_forget(void *database) {
	return duckspan::Contain([&] { delete static_cast<weak_ptr<DatabaseInstance> *>(database); });
}

//! The message of the exception that is kept.
extern "C" bool duckspan_sql_error(void *text, void (*set)(void *, duckspan::Str)) {
	return duckspan::Contain([&] {
		auto message = duckspan::Fault::TakeKept();
		set(text, duckspan::Lend(message));
	});
}
