// What DuckDB loads of a development build. The extension itself is linked to the DuckDB of one virtual
// environment; in any other it would bring a second DuckDB into the process, which crashes, or ask the linker
// for what is not there. So this looks at who calls, and loads it where it belongs or says where that is.
//
// The build defines HOST, the library of that DuckDB, and LIBRARY, the extension.

#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>

namespace {

using EntryPoint = void (*)(void *loader);

//! Whether two paths are one file; the linker tells libraries apart by the same.
bool SameFile(const char *left, const char *right) {
	struct stat one, other;
	return stat(left, &one) == 0 && stat(right, &other) == 0 && one.st_dev == other.st_dev &&
		   one.st_ino == other.st_ino;
}

EntryPoint Open() {
	auto library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	auto entry = library ? dlsym(library, "duckspan_duckdb_cpp_init") : nullptr;
	if (!entry) {
		throw std::runtime_error(std::string("this development build of DuckSpan is incomplete; run `make extension` "
											 "again: ") +
								 dlerror());
	}
	return reinterpret_cast<EntryPoint>(entry);
}

} // namespace

extern "C" __attribute__((visibility("default"))) void duckspan_duckdb_cpp_init(void *loader) {
	Dl_info caller;
	auto known = dladdr(__builtin_return_address(0), &caller) != 0;
	if (!known || !SameFile(caller.dli_fname, HOST)) {
		throw std::runtime_error(
			std::string("this is a development build of DuckSpan, which works in one DuckDB only: ") + HOST +
			", and not in " + (known ? caller.dli_fname : "this one") +
			". Use the Python of that environment, or `make release`, which builds an "
			"extension for any.");
	}
	Open()(loader);
}
