//! What happens when the process exits, while threads of ours may be at work.

#include "boundary.hpp"

#include <cstdlib>

#ifdef DUCKSPAN_KEEPS_STATICS
// Objects of static storage in this library, which are those of the DuckDB that is linked into it, are not destroyed:
// they would be one by one, the latest first, and many are made when they are first used, so some go before any handler
// that could stop the threads that use them. The linker has all that registers a destructor, and `atexit`, call this.
extern "C" int __wrap___cxa_atexit(void (*)(void *), void *, void *) { // NOLINT: the linker's name
	return 0;
}

extern "C" int __real___cxa_atexit(void (*)(void *), void *, void *); // NOLINT: the linker's name

static int AtExit(void (*handler)()) {
	auto call = [](void *handler) { reinterpret_cast<void (*)()>(handler)(); };
	return __real___cxa_atexit(call, reinterpret_cast<void *>(handler), nullptr);
}
#else
static int AtExit(void (*handler)()) {
	return std::atexit(handler);
}
#endif

extern "C" bool duckspan_sql_at_exit(void (*handler)()) {
	return duckspan::Contain([&] {
		if (AtExit(handler) != 0) {
			throw duckdb::IOException("the process has no room for what is to be done when it exits");
		}
	});
}
