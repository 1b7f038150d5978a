#include "boundary.hpp"

#include <utility>

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! Exceptions do not cross Rust: they wait here for its call to return.
thread_local std::exception_ptr kept;

struct FreeText {
	explicit FreeText(Text text) : text(text) {
	}
	~FreeText() {
		duckspan_text_free(text);
	}
	Text text;
};

} // namespace

string Take(Text text) {
	FreeText owner(text);
	return string(reinterpret_cast<const char *>(text.data), text.len);
}

Fault::~Fault() {
	duckspan_text_free(fault.text);
}

void Fault::Keep() noexcept {
	kept = std::current_exception();
}

string Fault::TakeKept() {
	try {
		std::rethrow_exception(std::exchange(kept, nullptr));
	} catch (std::exception &error) {
		return ErrorData(error).Message();
	} catch (...) {
		return "an unknown error";
	}
}

void Fault::Check() {
	auto kind = fault.kind;
	if (kind == FaultKind::None) {
		return;
	}
	if (kind == FaultKind::Callback && kept) {
		std::rethrow_exception(std::exchange(kept, nullptr));
	}
	string message(reinterpret_cast<const char *>(fault.text.data), fault.text.len);
	switch (kind) {
	case FaultKind::Binder:
		throw BinderException("%s", message);
	case FaultKind::InvalidInput:
		throw InvalidInputException("%s", message);
	case FaultKind::Io:
	case FaultKind::Callback:
		throw IOException("%s", message);
	default:
		// Not an InternalException: DuckDB invalidates the whole database for one, since its own state may be broken.
		// DuckSpan writes nothing of that state, so a fault of it ends the query, and nothing else.
		throw ExecutorException("%s", message);
	}
}

} // namespace duckspan
