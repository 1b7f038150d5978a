#include "duckdb.hpp"
#include "duckdb/common/virtual_file_system.hpp"
#include "duckdb/function/replacement_scan.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/parser/tableref.hpp"

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
		return IsAddress(path);
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

	bool SupportsOpenFileExtended() const override {
		return true;
	}
	unique_ptr<FileHandle> OpenFileExtended(const OpenFileInfo &file, FileOpenFlags,
											optional_ptr<FileOpener>) override {
		Refuse(file.path);
	}

	static bool IsAddress(const string &path) {
		auto lower = StringUtil::Lower(path);
		return StringUtil::StartsWith(lower, "otlp://") || StringUtil::StartsWith(lower, "otlps://");
	}
	[[noreturn]] static void Refuse(string path) {
		StringUtil::RTrim(path, "/");
		throw BinderException("\"%s\" is where a receiver listens, not a file: ATTACH '%s' AS live (TYPE otlp)", path,
							  path);
	}
};

//! FROM an address.
unique_ptr<TableRef> RefuseTable(ClientContext &, ReplacementScanInput &input, optional_ptr<ReplacementScanData>) {
	if (Addresses::IsAddress(input.table_name)) {
		Addresses::Refuse(input.table_name);
	}
	return nullptr;
}

} // namespace

void RegisterAddresses(ExtensionLoader &loader) {
	auto &db = loader.GetDatabaseInstance();
	db.GetFileSystem().RegisterSubSystem(make_uniq<Addresses>());
	DBConfig::GetConfig(db).replacement_scans.emplace_back(RefuseTable);
}

} // namespace duckspan
