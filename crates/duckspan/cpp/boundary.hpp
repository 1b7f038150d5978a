//! How the shim and Rust call each other: what crosses, who frees it, and what becomes of faults.
#pragma once

#include "duckdb.hpp"
#include "duckspan.h"

#include <exception>

namespace duckspan {

//! Collects the fault of a call; Check throws it.
class Fault {
public:
	Fault() = default;
	Fault(const Fault &) = delete;
	~Fault();
	operator CFault *() { // NOLINT: passed as an out parameter
		return &fault;
	}
	//! Throws what the call wrote, or the exception that a callback of it caught.
	void Check();
	//! Keeps the exception that is being handled, for the call that this thread is in.
	static void Keep() noexcept;
	//! Takes the message of that exception, where nobody throws it again.
	static std::string TakeKept();

private:
	CFault fault {FaultKind::None, {nullptr, 0}};
};

//! Calls a function of Rust, and throws its fault.
template <class RESULT, class... PARAMETERS, class... ARGUMENTS>
RESULT Call(RESULT (*function)(PARAMETERS...), ARGUMENTS &&...arguments) {
	Fault fault;
	if constexpr (std::is_void_v<RESULT>) {
		function(std::forward<ARGUMENTS>(arguments)..., fault);
		fault.Check();
	} else {
		auto result = function(std::forward<ARGUMENTS>(arguments)..., fault);
		fault.Check();
		return result;
	}
}

//! Runs what Rust calls: no exception may pass through its frames. Whether it came to its end.
template <class BODY> bool Contain(BODY &&body) noexcept {
	try {
		body();
		return true;
	} catch (...) {
		Fault::Keep();
		return false;
	}
}

//! What Rust made, and `FREE` gives back to it.
template <auto FREE> struct Free {
	template <class T> void operator()(T *handle) const noexcept {
		FREE(handle);
	}
};
template <class T, auto FREE> using Handle = duckdb::unique_ptr<T, Free<FREE>>;

using ConditionsHandle = Handle<Conditions, duckspan_conditions_free>;
using CopyHandle = Handle<CopyTo, duckspan_copy_free>;
using CopyFileHandle = Handle<CopyFile, duckspan_copy_file_free>;
using CopyRowsHandle = Handle<CopyRows, duckspan_copy_rows_free>;
using CopySenderHandle = Handle<CopySender, duckspan_copy_sender_free>;
using CursorHandle = Handle<Cursor, duckspan_cursor_free>;
using FileOptionsHandle = Handle<FileOptions, duckspan_file_options_free>;
using FileScanHandle = Handle<const FileScan, duckspan_file_scan_free>;
using LiveHandle = Handle<const Live, duckspan_live_free>;
using LiveInsertHandle = Handle<LiveInsert, duckspan_live_insert_free>;
using LiveOptionsHandle = Handle<LiveOptions, duckspan_live_options_free>;
using LiveScanHandle = Handle<LiveScan, duckspan_live_scan_free>;
using MemoryHandle = Handle<const Memory, duckspan_memory_free>;
using RejectsHandle = Handle<const Rejects, duckspan_rejects_free>;
using ViewersHandle = Handle<const Viewers, duckspan_viewers_free>;
using ViewHandle = Handle<View, duckspan_view_free>;

inline Str Lend(const std::string &text) {
	return Str {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

inline duckdb::vector<Str> LendAll(const duckdb::vector<std::string> &texts) {
	duckdb::vector<Str> lent;
	for (auto &text : texts) {
		lent.push_back(Lend(text));
	}
	return lent;
}

//! A copy of text that Rust keeps.
inline std::string Own(Str text) {
	return std::string(reinterpret_cast<const char *>(text.data), text.len);
}

//! Takes over text that Rust hands out.
std::string Take(Text text);

} // namespace duckspan
