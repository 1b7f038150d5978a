#include "duckdb.hpp"
#include "duckdb/common/hive_partitioning.hpp"
#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/common/multi_file/table_function_multi_file.hpp"
#include "duckdb/function/function_set.hpp"
#include "duckdb/function/replacement_scan.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/parallel/callback_async_task.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "duckdb/storage/buffer_manager.hpp"

#include "extension.hpp"
#include "scan.hpp"

#include <atomic>

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! What a function reads files as.
struct FileFunction : public TableFunctionInfo {
	FileFunction(Relation relation, shared_ptr<Shared> shared) : relation(relation), shared(std::move(shared)) {
	}
	Relation relation;
	shared_ptr<Shared> shared;
};

//! What the files of a query have in common.
struct FileLayout {
	FileLayout(Relation relation, shared_ptr<FileOptions> options) : relation(relation), options(std::move(options)) {
		Columns columns(relation, true);
		names = columns.names;
		types = columns.types;
		visible = names.size() - columns.hidden.size();
		for (idx_t position = 0; position < types.size(); position++) {
			if (Call(duckspan_file_options_is_variant, this->options.get(), position)) {
				types[position] = LogicalType::VARIANT();
			}
		}
	}
	Relation relation;
	shared_ptr<FileOptions> options;
	//! Of every column, virtual ones last.
	vector<Identifier> names;
	vector<LogicalType> types;
	idx_t visible;
	//! Known to all files of a query once it is planned.
	Members members;
	//! Whether DuckDB's cache of remote files can be used, as far as that is known.
	std::atomic<bool> is_cached {true};
};

struct FileBind : public TableFunctionData {
	FileBind(OpenFileInfo file, shared_ptr<FileLayout> layout, shared_ptr<Shared> shared, bool is_first)
		: file(std::move(file)), layout(std::move(layout)), shared(std::move(shared)), is_first(is_first) {
	}
	OpenFileInfo file;
	shared_ptr<FileLayout> layout;
	shared_ptr<Shared> shared;
	bool is_first;
};

//! Whether to read of a file takes long, however little. Of other file systems than DuckDB's own paths have a scheme.
bool IsRemote(const string &path) {
	return FileSystem::IsRemoteFile(path) || path.find("://") != string::npos;
}

//! A handle of a file, and where it stands there.
struct FileReader {
	explicit FileReader(unique_ptr<FileHandle> handle) : handle(std::move(handle)) {
	}

	idx_t Read(uint8_t *buffer, idx_t len) {
		auto count = handle->Read(buffer, len);
		at += idx_t(count);
		return idx_t(count);
	}

	//! Reads until `len` bytes are read, or the file ends.
	idx_t ReadAt(uint8_t *buffer, idx_t len, idx_t offset) {
		if (at != offset) {
			handle->Seek(offset);
			at = offset;
		}
		idx_t filled = 0;
		while (filled < len) {
			auto count = Read(buffer + filled, len - filled);
			if (count == 0) {
				break;
			}
			filled += count;
		}
		return filled;
	}

	unique_ptr<FileHandle> handle;
	idx_t at = 0;
};

//! A file that Rust reads through DuckDB's file system.
class OpenFile {
public:
	OpenFile(ClientContext &context, const FileBind &bind)
		: context(context), file(bind.file), layout(*bind.layout), reader(Open()) {
	}

	Source Lend() {
		auto size = reader.handle->IsPipe() ? 0 : reader.handle->GetFileSize();
		// Of other file systems two handles of a file may be one: fsspec's "memory" has but one position in each.
		auto is_parallel = layout.is_cached && FileSystem::IsRemoteFile(file.path);
		return Source {this, Read, ReadAt, uint64_t(size), IsRemote(file.path), is_parallel};
	}

private:
	unique_ptr<FileHandle> Open() {
		auto &fs = FileSystem::GetFileSystem(context);
		FileOpenFlags flags = FileFlags::FILE_FLAGS_READ;
		if (layout.is_cached) {
			flags.SetCachingMode(CachingMode::CACHE_REMOTE_ONLY);
		}
		try {
			return fs.OpenFile(file, flags);
		} catch (NotImplementedException &) {
			// The cache asks when a file was changed, which not every file system of Python's can tell.
			if (!layout.is_cached.exchange(false)) {
				throw;
			}
			return Open();
		}
	}

	static intptr_t Read(void *file, uint8_t *buffer, uintptr_t len) {
		auto &self = *static_cast<OpenFile *>(file);
		try {
			self.context.InterruptCheck();
			return intptr_t(self.reader.Read(buffer, len));
		} catch (...) {
			Fault::Keep();
			return -1;
		}
	}

	static intptr_t ReadAt(void *file, uint8_t *buffer, uintptr_t len, uint64_t offset, bool aside) {
		auto &self = *static_cast<OpenFile *>(file);
		try {
			self.context.InterruptCheck();
			return intptr_t(aside ? self.ReadAside(buffer, len, offset) : self.reader.ReadAt(buffer, len, offset));
		} catch (...) {
			Fault::Keep();
			return -1;
		}
	}

	//! Reads through a handle that nobody else uses meanwhile.
	idx_t ReadAside(uint8_t *buffer, idx_t len, idx_t offset) {
		auto aside = TakeIdle();
		if (!aside) {
			aside = make_uniq<FileReader>(Open());
		}
		auto count = aside->ReadAt(buffer, len, offset);
		lock_guard<mutex> guard(lock);
		idle.push_back(std::move(aside));
		return count;
	}

	unique_ptr<FileReader> TakeIdle() {
		lock_guard<mutex> guard(lock);
		if (idle.empty()) {
			return nullptr;
		}
		auto result = std::move(idle.back());
		idle.pop_back();
		return result;
	}

	ClientContext &context;
	const OpenFileInfo &file;
	FileLayout &layout;
	FileReader reader;
	mutex lock;
	vector<unique_ptr<FileReader>> idle;
};

//! Who lends memory to a scan.
Lender LenderOf(ClientContext &context) {
	auto reserve = [](void *client, uintptr_t bytes) {
		auto &context = *static_cast<ClientContext *>(client);
		try {
			context.InterruptCheck();
			BufferManager::GetBufferManager(context).ReserveMemory(bytes);
			return Answer::Granted;
		} catch (OutOfMemoryException &) {
			Fault::Keep();
			return Answer::Refused;
		} catch (...) {
			Fault::Keep();
			return Answer::Interrupted;
		}
	};
	auto free = [](void *client, uintptr_t bytes) {
		Contain(
			[&] { BufferManager::GetBufferManager(*static_cast<ClientContext *>(client)).FreeReservedMemory(bytes); });
	};
	auto limit = [](void *client) -> uintptr_t {
		return BufferManager::GetBufferManager(*static_cast<ClientContext *>(client)).GetMaxMemory();
	};
	return {&context, reserve, free, limit};
}

struct FileGlobal : public GlobalTableFunctionState {
	FileGlobal(ClientContext &context, const FileBind &bind) : file(context, bind) {
	}
	idx_t MaxThreads() const override {
		return MAX_THREADS;
	}
	OpenFile file;
	FileScanHandle scan;
	ScanRequest request;
};

shared_ptr<FileLayout> ReadLayout(const FileFunction &function, TableFunctionBindInput &input) {
	shared_ptr<FileOptions> options(Call(duckspan_file_options_new, function.relation), duckspan_file_options_free);
	for (auto &parameter : input.named_parameters) {
		auto name = StringUtil::Lower(parameter.first.GetIdentifierName());
		auto value = parameter.second.ToString();
		Call(duckspan_file_options_set, options.get(), Lend(name),
			 parameter.second.IsNull() ? Str {nullptr, 0} : Lend(value));
	}
	return make_shared_ptr<FileLayout>(function.relation, std::move(options));
}

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
							  vector<Identifier> &names) {
	auto &function = input.info->Cast<FileFunction>();
	auto &file_input = TableFunctionFileBindInput::Get(input);
	auto first = file_input.expected_bind_data;
	if (!first) {
		NoteRows(context, string(), LiveTable::Traces, function.relation);
		if (function.relation != Relation::Unified) {
			ReadMembers(*context.db, *function.shared);
		}
	}
	auto layout = first ? first->Cast<FileBind>().layout : ReadLayout(function, input);
	names.assign(layout->names.begin(), layout->names.begin() + layout->visible);
	types.assign(layout->types.begin(), layout->types.begin() + layout->visible);
	return make_uniq<FileBind>(TableFunctionFileBindInput::GetFile(input), std::move(layout), function.shared, !first);
}

//! Bytes of a file as far as they are known without asking a remote server; 0 otherwise.
idx_t KnownSize(ClientContext &context, const FileBind &bind) {
	auto &file = bind.file;
	idx_t size;
	if (file.extended_info && file.extended_info->TryGetOption("file_size", size)) {
		return size;
	}
	if (IsRemote(file.path) || FileSystem::GetFileSystem(context).IsPipe(file.path)) {
		return 0;
	}
	return idx_t(OpenFile(context, bind).Lend().size);
}

unique_ptr<NodeStatistics> Cardinality(ClientContext &context, const FunctionData *data) {
	auto &bind = data->Cast<FileBind>();
	// DuckDB takes all files to be like the first.
	auto size = bind.is_first ? KnownSize(context, bind) : 0;
	return make_uniq<NodeStatistics>(Call(duckspan_file_rows_estimate, Lend(bind.file.path), size));
}

//! Adds a column of a file, which may be a virtual one.
void AddColumn(ScanRequest &request, const FileLayout &layout, const ColumnIndex &column,
			   const TableFunctionFileInitInput &file) {
	auto position = column.GetPrimaryIndex();
	string key;
	if (file.virtual_columns) {
		auto entry = file.virtual_columns->find(position);
		if (entry != file.virtual_columns->end()) {
			auto member = layout.members.Get(entry->second);
			position = member ? member->position : entry->second - FIRST_VIRTUAL;
			key = member ? member->key : string();
		}
	}
	request.columns.push_back(uint32_t(position));
	request.types.push_back(key.empty() ? layout.types[position] : LogicalType::VARCHAR);
	request.keys.push_back(std::move(key));
}

unique_ptr<GlobalTableFunctionState> InitGlobal(ClientContext &context, TableFunctionInitInput &input) {
	auto &bind = input.bind_data->Cast<FileBind>();
	auto result = make_uniq<FileGlobal>(context, bind);
	auto &request = result->request;
	for (auto &column : input.column_indexes) {
		AddColumn(request, *bind.layout, column, TableFunctionFileInitInput::Get(input));
	}
	request.filters = input.filters;
	auto keys = LendAll(request.keys);
	auto conditions = ReadConditions(request);
	FileScanInput scan {Lend(bind.file.path),
						context.transaction.GetActiveQuery(),
						TableFunctionFileInitInput::Get(input).file_count,
						result->file.Lend(),
						request.columns.data(),
						keys.data(),
						request.columns.size(),
						conditions.get(),
						bind.shared->rejects.get(),
						bind.shared->memory.get(),
						LenderOf(context)};
	result->scan.reset(Call(duckspan_file_scan_open, &scan, bind.layout->options.get()));
	return std::move(result);
}

unique_ptr<LocalTableFunctionState> InitLocal(ExecutionContext &context, TableFunctionInitInput &,
											  GlobalTableFunctionState *global) {
	auto &file = global->Cast<FileGlobal>();
	CursorHandle cursor(Call(duckspan_file_scan_cursor, file.scan.get()));
	return make_uniq<CursorState>(context.client, file.request, std::move(cursor));
}

bool ClaimBatch(ClientContext &context, TableFunctionInput &input) {
	auto &file = input.global_state->Cast<FileGlobal>();
	auto &cursor = input.local_state->Cast<CursorState>();
	cursor.Enter(context, file.request, *file.scan);
	return cursor.Claim();
}

//! To open a remote file, and to read of it, takes long, so DuckDB does that ahead of the threads that scan.
bool SupportsReadAhead(optional_ptr<const FunctionData> data) {
	return data && IsRemote(data->Cast<FileBind>().file.path);
}

AsyncResult ScheduleRead(ClientContext &, TableFunctionInput &input) {
	auto scan = input.global_state->Cast<FileGlobal>().scan.get();
	vector<unique_ptr<AsyncTask>> tasks;
	if (Call(duckspan_file_scan_is_read_ahead, scan)) {
		tasks.push_back(make_uniq<CallbackAsyncTask>([scan]() { Call(duckspan_file_scan_read_ahead, scan); }));
	}
	return AsyncResult::FromTasks(std::move(tasks), TaskSchedulerType::ASYNC);
}

void Scan(ClientContext &context, TableFunctionInput &input, DataChunk &output) {
	input.local_state->Cast<CursorState>().Read(context, output);
}

double Progress(ClientContext &, const FunctionData *, const GlobalTableFunctionState *global) {
	return global ? Call(duckspan_file_scan_progress, global->Cast<FileGlobal>().scan.get()) : 0;
}

virtual_column_map_t VirtualColumns(ClientContext &, optional_ptr<FunctionData>) {
	Columns columns(Relation::Unified, true);
	virtual_column_map_t result;
	for (auto position : columns.hidden) {
		result.insert({FIRST_VIRTUAL + position, TableColumn(columns.names[position], columns.types[position])});
	}
	return result;
}

//! Typed relations have no virtual columns but the members of their attributes, which a plan adds.
virtual_column_map_t NoVirtualColumns(ClientContext &, optional_ptr<FunctionData>) {
	return {};
}

TableFunction SingleFile(Relation relation, shared_ptr<Shared> shared) {
	auto signature = FunctionSignature().AddPositionalOnly("file", LogicalType::ANY);
	auto is_typed = relation != Relation::Unified;
	signature = std::move(signature).WithTypedKwargs("options", [is_typed](TypedKwargs &options) {
		Columns parameters(is_typed ? Relation::TypedFileParameters : Relation::FileParameters, false);
		for (idx_t position = 0; position < parameters.names.size(); position++) {
			options.Add(parameters.names[position], parameters.types[position]);
		}
	});
	TableFunction function("read_single_otlp_file", std::move(signature), Scan, Bind, InitGlobal, InitLocal);
	function.projection_pushdown = true;
	function.filter_pushdown = true;
	function.filter_prune = true;
	function.cardinality = Cardinality;
	function.table_scan_progress = Progress;
	function.get_virtual_columns = is_typed ? NoVirtualColumns : VirtualColumns;
	function.function_info = make_shared_ptr<FileFunction>(relation, std::move(shared));
	return function;
}

//! Files as DuckDB finds them, but for paths and folders that would hide what is meant.
struct OtlpFiles : public MultiFileReader {
	explicit OtlpFiles(Relation relation) : relation(relation) {
	}

	unique_ptr<MultiFileReader> Copy() const override {
		auto result = make_uniq<OtlpFiles>(relation);
		result->function_name = function_name;
		return std::move(result);
	}

	//! No path is not the working directory.
	vector<OpenFileInfo> ParseFileList(const Value &input) override {
		auto result = MultiFileReader::ParseFileList(input);
		for (auto &file : result) {
			if (file.path.empty()) {
				throw BinderException("%s cannot read a path that is empty", function_name.GetIdentifierName());
			}
		}
		return result;
	}

	//! A folder `signal=…` adds no column: the virtual one says what rows are, whatever their folder does.
	void BindOptions(MultiFileOptions &options, MultiFileList &files, vector<LogicalType> &types,
					 vector<Identifier> &names, MultiFileReaderBindData &bind) override {
		MultiFileReader::BindOptions(options, files, types, names, bind);
		Columns columns(relation, true);
		for (auto hidden : columns.hidden) {
			Drop(columns.names[hidden], types, names, bind.hive_partitioning_indexes);
		}
	}

private:
	static void Drop(const Identifier &name, vector<LogicalType> &types, vector<Identifier> &names,
					 vector<HivePartitioningIndex> &partitions) {
		auto dropped = std::find_if(partitions.begin(), partitions.end(),
									[&](const HivePartitioningIndex &partition) { return name == partition.value; });
		if (dropped == partitions.end()) {
			return;
		}
		auto index = dropped->index;
		partitions.erase(dropped);
		types.erase(types.begin() + idx_t(index));
		names.erase(names.begin() + idx_t(index));
		for (auto &partition : partitions) {
			partition.index -= partition.index > index ? 1 : 0;
		}
	}

	Relation relation;
};

Relation RelationOf(const BoundTableFunction &function) {
	auto &single = function.function_info->Cast<TableFunctionMultiFileInfo>().function;
	return single.function_info->Cast<FileFunction>().relation;
}

bool TakesExpression(ClientContext &, const LogicalGet &get, Expression &expr) {
	return IsTold(RelationOf(get.function), ColumnOf(get, expr), expr);
}

unique_ptr<MultiFileReader> FilesOf(const BoundTableFunction &function) {
	return make_uniq<OtlpFiles>(RelationOf(function));
}

//! Leaves out files that conditions on the virtual column `filename` exclude; DuckDB does so where it is an option.
void PruneFiles(ClientContext &context, LogicalGet &get, FunctionData *data, vector<unique_ptr<Expression>> &filters) {
	auto &bind = data->Cast<MultiFileBindData>();
	auto column = get.TryGetProjectionIndex(MultiFileReader::COLUMN_IDENTIFIER_FILENAME);
	if (column.IsValid() && !filters.empty()) {
		HivePartitioningFilterInfo known;
		known.filename_column = Identifier("filename");
		known.column_map.insert({known.filename_column, column.GetIndex()});
		known.hive_enabled = false;
		known.filename_enabled = true;
		MultiFilePushdownInfo info(get.table_index, bind.names, get.GetColumnIds(), get.extra_info);
		auto files = bind.file_list->GetAllFiles();
		auto count = files.size();
		HivePartitioning::ApplyFiltersToFileList(context, files, filters, known, info);
		if (files.size() < count) {
			bind.file_list = make_shared_ptr<SimpleMultiFileList>(std::move(files));
			MultiFileReader::PruneReaders(bind, *bind.file_list);
		}
	}
	MultiFileFunction<TableFunctionMultiFileWrapper>::MultiFileComplexFilterPushdown(context, get, data, filters);
}

//! The layout of a scan of files, where one file stands for all of them.
optional_ptr<FileLayout> LayoutOf(const FunctionData &data) {
	auto &files = data.Cast<MultiFileBindData>();
	if (!files.bind_data) {
		return nullptr; // no file is there, and that is allowed
	}
	auto &first = files.bind_data->Cast<TableFunctionMultiFileData>().options.schema_bind_data;
	return first ? first->Cast<FileBind>().layout.get() : nullptr;
}

InsertionOrderPreservingMap<string> Explain(TableFunctionToStringInput &input) {
	InsertionOrderPreservingMap<string> result;
	result["Function"] = StringUtil::Upper(input.table_function.GetName().GetIdentifierName());
	if (auto layout = LayoutOf(*input.bind_data)) {
		layout->members.Explain(result);
	}
	return result;
}

//! Types of the positional parameters of an overload, which its description goes by.
vector<LogicalType> ParameterTypes(const TableFunction &overload) {
	vector<LogicalType> result;
	auto &signature = overload.GetSignature();
	for (idx_t index = 0; index < signature.GetPositionalParameterCount(); index++) {
		result.push_back(signature.GetParameter(index).GetType());
	}
	return result;
}

void Register(ExtensionLoader &loader, Relation relation, shared_ptr<Shared> shared, const string &name) {
	TableFunctionMultiFileSettings settings;
	// A path that is no file is taken as a directory, and every file with a suffix in it is read.
	settings.glob_input = FileGlobInput(FileGlobOptions::FALLBACK_GLOB, "*");
	settings.reader_type = "OTLP";
	settings.claim_batch = ClaimBatch;
	settings.supports_read_ahead = SupportsReadAhead;
	settings.schedule_io = ScheduleRead;
	settings.reuses_local_state = true;
	auto single = SingleFile(relation, std::move(shared));
	auto set = TableFunctionMultiFileWrapper::CreateFunctionSet(std::move(single), Identifier(name), settings);
	set.ApplyToFunctions([&](TableFunction &overload) {
		overload.pushdown_expression = TakesExpression;
		overload.pushdown_complex_filter = PruneFiles;
		overload.get_multi_file_reader = FilesOf;
		overload.to_string = Explain;
	});
	CreateTableFunctionInfo info(set);
	auto description = Describe(name);
	for (auto &overload : set.functions) {
		description.parameter_types = ParameterTypes(*overload);
		info.descriptions.push_back(description);
	}
	loader.RegisterFunction(std::move(info));
}

//! Reads a table whose name is that of a file with a suffix that only OTLP has, compressed or not.
unique_ptr<TableRef> ReadByName(ClientContext &context, ReplacementScanInput &input,
								optional_ptr<ReplacementScanData>) {
	auto path = ReplacementScan::GetFullPath(input);
	if (!ReplacementScan::CanReplace(path, {"binpb", "otlp"})) {
		return nullptr;
	}
	vector<unique_ptr<ParsedExpression>> arguments;
	arguments.push_back(ConstantExpression::String(path));
	auto result = make_uniq<TableFunctionRef>();
	result->function = make_uniq<FunctionExpression>("read_otlp", std::move(arguments));
	if (!FileSystem::HasGlob(path)) {
		result->alias = Identifier(FileSystem::GetFileSystem(context).ExtractBaseName(path));
	}
	return std::move(result);
}

} // namespace

bool IsFileScan(const LogicalGet &get) {
	return get.function.pushdown_complex_filter == PruneFiles;
}

Relation FileRelationOf(const LogicalGet &get) {
	return RelationOf(get.function);
}

optional_ptr<const FileOptions> FileOptionsOf(const LogicalGet &get) {
	auto layout = LayoutOf(*get.bind_data);
	return layout ? layout->options.get() : nullptr;
}

bool IsPartition(const LogicalGet &get, idx_t position) {
	return get.bind_data->Cast<MultiFileBindData>().IsGeneratedColumn(position);
}

column_t AddFileMember(LogicalGet &get, const Member &member) {
	auto &files = get.bind_data->Cast<MultiFileBindData>();
	auto id = LayoutOf(files)->members.Add(member);
	files.virtual_columns.insert({id, member.ToColumn()});
	return id;
}

void RegisterReadOtlp(ExtensionLoader &loader, shared_ptr<Shared> shared) {
	Register(loader, Relation::Unified, shared, "read_otlp");
	Register(loader, Relation::Spans, shared, "read_otlp_spans");
	Register(loader, Relation::LogRecords, shared, "read_otlp_log_records");
	Register(loader, Relation::DataPoints, shared, "read_otlp_data_points");
	DBConfig::GetConfig(loader.GetDatabaseInstance()).replacement_scans.emplace_back(ReadByName);
}

} // namespace duckspan
