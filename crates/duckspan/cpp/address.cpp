#include "duckdb.hpp"
#include "duckdb/common/virtual_file_system.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! Addresses of receivers, which DuckDB takes for files where ATTACH has no TYPE: it says what is missing.
class Addresses : public FileSystem {
public:
	string GetName() const override {
		return "Addresses of OTLP receivers";
	}
	bool CanHandleFile(const string &path) override {
		auto lower = StringUtil::Lower(path);
		return StringUtil::StartsWith(lower, "otlp://") || StringUtil::StartsWith(lower, "otlps://");
	}
	vector<OpenFileInfo> Glob(const string &path, FileOpener *) override {
		Refuse(path);
	}
	//! COPY looks whether it is about to replace something, before it sends.
	bool FileExists(const string &, optional_ptr<FileOpener>) override {
		return false;
	}
	bool DirectoryExists(const string &, optional_ptr<FileOpener>) override {
		return false;
	}
	bool TryRemoveFile(const string &, optional_ptr<FileOpener>) override {
		return false;
	}
	void CreateDirectory(const string &path, optional_ptr<FileOpener>) override {
		Refuse(path);
	}

protected:
	bool SupportsOpenFileExtended() const override {
		return true;
	}
	unique_ptr<FileHandle> OpenFileExtended(const OpenFileInfo &file, FileOpenFlags,
											optional_ptr<FileOpener>) override {
		Refuse(file.path);
	}

private:
	[[noreturn]] static void Refuse(string path) {
		StringUtil::RTrim(path, "/");
		throw BinderException("\"%s\" is where a receiver listens, not a file: ATTACH '%s' AS live (TYPE otlp)", path,
							  path);
	}
};

} // namespace

void RegisterAddresses(ExtensionLoader &loader) {
	loader.GetDatabaseInstance().GetFileSystem().RegisterSubSystem(make_uniq<Addresses>());
}

} // namespace duckspan
