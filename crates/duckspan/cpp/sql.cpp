//! What Rust calls to run SQL of its own. Nothing here keeps a database open but a connection, while there is one.

#include "duckdb.hpp"
#include "duckdb/main/connection.hpp"

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
		// Nothing is run before somebody looks.
		result->Complete();
		if (result->HasError()) {
			result->GetErrorObject().Throw();
		}
		Emit(*result, rows, add);
	});
}

extern "C" bool duckspan_sql_interrupt(void *connection) {
	return duckspan::Contain([&] { static_cast<Connection *>(connection)->Interrupt(); });
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
