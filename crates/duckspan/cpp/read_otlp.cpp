#include "duckdb.hpp"
#include "duckdb/common/multi_file/table_function_multi_file.hpp"
#include "duckdb/function/function_set.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/storage/buffer_manager.hpp"

#include "extension.hpp"
#include "scan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! Virtual columns are numbered from here on, by their position in the relation.
constexpr column_t FIRST_VIRTUAL = (column_t(1) << 63) + 4317;

//! What a function reads files as.
struct FileFunction : public TableFunctionInfo {
	FileFunction(Relation relation, shared_ptr<Shared> shared) : relation(relation), shared(std::move(shared)) {
	}
	Relation relation;
	shared_ptr<Shared> shared;
};

struct FileBind : public TableFunctionData {
	FileBind(Relation relation, OpenFileInfo file, shared_ptr<FileOptions> options, shared_ptr<Shared> shared,
			 bool alone)
		: relation(relation), file(std::move(file)), options(std::move(options)), shared(std::move(shared)),
		  alone(alone) {
	}
	Relation relation;
	OpenFileInfo file;
	shared_ptr<FileOptions> options;
	shared_ptr<Shared> shared;
	bool alone;
};

//! A file that Rust reads through DuckDB's file system.
class OpenFile {
public:
	OpenFile(ClientContext &context, const OpenFileInfo &file)
		: context(context), handle(FileSystem::GetFileSystem(context).OpenFile(file, FileFlags::FILE_FLAGS_READ)) {
	}

	Source Lend() {
		auto size = handle->IsPipe() ? 0 : handle->GetFileSize();
		return Source {this, Read, uint64_t(size)};
	}

private:
	static intptr_t Read(void *file, uint8_t *buffer, uintptr_t len) {
		auto &self = *static_cast<OpenFile *>(file);
		try {
			self.context.InterruptCheck();
			return intptr_t(self.handle->Read(buffer, len));
		} catch (...) {
			Fault::Keep();
			return -1;
		}
	}

	ClientContext &context;
	unique_ptr<FileHandle> handle;
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
	return {&context, reserve, free};
}

struct FileGlobal : public GlobalTableFunctionState {
	FileGlobal(ClientContext &context, const OpenFileInfo &info) : file(context, info) {
	}
	idx_t MaxThreads() const override {
		return MAX_THREADS;
	}
	OpenFile file;
	FileScanHandle scan;
	ScanRequest request;
};

void SetOption(FileOptions &options, const string &name, const Value &value) {
	if (value.IsNull()) {
		throw BinderException("read_otlp: %s cannot be NULL", name);
	}
	switch (value.type().id()) {
	case LogicalTypeId::BOOLEAN:
		return Call(duckspan_file_options_set_flag, &options, Lend(name), BooleanValue::Get(value));
	case LogicalTypeId::UBIGINT:
		return Call(duckspan_file_options_set_number, &options, Lend(name), UBigIntValue::Get(value));
	default: {
		auto text = value.ToString();
		return Call(duckspan_file_options_set_text, &options, Lend(name), Lend(text));
	}
	}
}

vector<LogicalType> TypesOf(const Columns &columns, const FileOptions &options) {
	auto types = columns.types;
	for (idx_t position = 0; position < types.size(); position++) {
		if (Call(duckspan_file_options_is_variant, &options, position)) {
			types[position] = LogicalType::VARIANT();
		}
	}
	return types;
}

unique_ptr<FunctionData> Bind(ClientContext &, TableFunctionBindInput &input, vector<LogicalType> &types,
							  vector<Identifier> &names) {
	auto &function = input.info->Cast<FileFunction>();
	shared_ptr<FileOptions> options(Call(duckspan_file_options_new, function.relation), duckspan_file_options_free);
	for (auto &parameter : input.named_parameters) {
		SetOption(*options, StringUtil::Lower(parameter.first.GetIdentifierName()), parameter.second);
	}
	Columns columns(function.relation, false);
	names = columns.names;
	types = TypesOf(columns, *options);
	auto alone = !TableFunctionFileBindInput::Get(input).multi_file_scan;
	return make_uniq<FileBind>(function.relation, TableFunctionFileBindInput::GetFile(input), std::move(options),
							   function.shared, alone);
}

//! Bytes of a file as far as they are known without asking a remote server; 0 otherwise.
idx_t KnownSize(ClientContext &context, const OpenFileInfo &file) {
	if (file.extended_info) {
		auto entry = file.extended_info->options.find("file_size");
		if (entry != file.extended_info->options.end() && !entry->second.IsNull()) {
			return UBigIntValue::Get(entry->second.DefaultCastAs(LogicalType::UBIGINT));
		}
	}
	if (FileSystem::IsRemoteFile(file.path) || FileSystem::GetFileSystem(context).IsPipe(file.path)) {
		return 0;
	}
	return idx_t(OpenFile(context, file).Lend().size);
}

unique_ptr<NodeStatistics> Cardinality(ClientContext &context, const FunctionData *data) {
	auto &file = data->Cast<FileBind>().file;
	return make_uniq<NodeStatistics>(Call(duckspan_file_rows_estimate, Lend(file.path), KnownSize(context, file)));
}

//! The position in the relation of a column of a file, which may be a virtual one.
idx_t PositionOf(const ColumnIndex &column, const TableFunctionFileInitInput &file) {
	auto index = column.GetPrimaryIndex();
	if (file.virtual_columns) {
		auto entry = file.virtual_columns->find(index);
		if (entry != file.virtual_columns->end()) {
			return entry->second - FIRST_VIRTUAL;
		}
	}
	return index;
}

unique_ptr<GlobalTableFunctionState> InitGlobal(ClientContext &context, TableFunctionInitInput &input) {
	auto &bind = input.bind_data->Cast<FileBind>();
	auto result = make_uniq<FileGlobal>(context, bind.file);
	auto &request = result->request;
	auto types = TypesOf(Columns(bind.relation, true), *bind.options);
	for (auto &column : input.column_indexes) {
		auto position = PositionOf(column, TableFunctionFileInitInput::Get(input));
		request.columns.push_back(uint32_t(position));
		request.types.push_back(types[position]);
	}
	request.filters = input.filters;
	auto conditions = ReadConditions(request);
	FileScanInput scan {Lend(bind.file.path),
						context.transaction.GetActiveQuery(),
						bind.alone,
						result->file.Lend(),
						request.columns.data(),
						request.columns.size(),
						conditions.get(),
						bind.shared->rejects.get(),
						bind.shared->memory.get(),
						LenderOf(context)};
	result->scan.reset(Call(duckspan_file_scan_open, &scan, bind.options.get()));
	return std::move(result);
}

unique_ptr<LocalTableFunctionState> InitLocal(ExecutionContext &context, TableFunctionInitInput &,
											  GlobalTableFunctionState *global) {
	auto &file = global->Cast<FileGlobal>();
	CursorHandle cursor(Call(duckspan_file_scan_cursor, file.scan.get()));
	return make_uniq<CursorState>(context.client, file.request, std::move(cursor));
}

bool ClaimBatch(ClientContext &, TableFunctionInput &input) {
	return input.local_state->Cast<CursorState>().Claim();
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

template <Relation RELATION> bool TakesExpression(ClientContext &, const LogicalGet &get, Expression &expr) {
	return IsTold(RELATION, ColumnOf(get, expr), expr);
}

table_function_pushdown_expression_t PushdownOf(Relation relation) {
	switch (relation) {
	case Relation::Spans:
		return TakesExpression<Relation::Spans>;
	case Relation::LogRecords:
		return TakesExpression<Relation::LogRecords>;
	case Relation::DataPoints:
		return TakesExpression<Relation::DataPoints>;
	default:
		return nullptr;
	}
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
	if (!is_typed) {
		function.get_virtual_columns = VirtualColumns;
	}
	function.function_info = make_shared_ptr<FileFunction>(relation, std::move(shared));
	return function;
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

void Register(ExtensionLoader &loader, Relation relation, shared_ptr<Shared> shared, const string &name,
			  FunctionDescription description) {
	TableFunctionMultiFileSettings settings;
	// A path that is no file is taken as a directory, and every file with a suffix in it is read.
	settings.glob_input = FileGlobInput(FileGlobOptions::FALLBACK_GLOB, "*");
	settings.reader_type = "OTLP";
	settings.claim_batch = ClaimBatch;
	auto single = SingleFile(relation, std::move(shared));
	auto set = TableFunctionMultiFileWrapper::CreateFunctionSet(std::move(single), Identifier(name), settings);
	set.ApplyToFunctions([&](TableFunction &overload) { overload.pushdown_expression = PushdownOf(relation); });
	CreateTableFunctionInfo info(set);
	description.categories = {"otlp"};
	for (auto &overload : set.functions) {
		description.parameter_types = ParameterTypes(*overload);
		info.descriptions.push_back(description);
	}
	loader.RegisterFunction(std::move(info));
}

void RegisterTyped(ExtensionLoader &loader, Relation relation, shared_ptr<Shared> shared, const string &name,
				   vector<string> examples) {
	FunctionDescription description;
	description.description = "Reads OTLP files with a column for every OTLP field. " +
							  Own(Call(duckspan_relation_comment, relation)) +
							  " Parameters are those of read_otlp, and "
							  "attributes_as_variant, which makes the columns of attributes VARIANT instead of JSON.";
	description.examples = std::move(examples);
	Register(loader, relation, std::move(shared), name, std::move(description));
}

} // namespace

void RegisterReadOtlp(ExtensionLoader &loader, shared_ptr<Shared> shared) {
	FunctionDescription unified;
	unified.description =
		"Reads OTLP files as (timestamp, resource, data): one row per span, log record or metric data point. JSON and "
		"protobuf, framed or not, gzip or zstd, are told apart by content; the virtual column signal says which of "
		"traces, metrics and logs a row is.";
	unified.examples = {"FROM read_otlp('traces.jsonl')",
						"SELECT signal, count(*) FROM read_otlp('s3://bucket/otel/**/*.json.gz') GROUP BY signal",
						"SELECT data->>'name' FROM read_otlp(['a.binpb', 'b.jsonl'], signal := 'traces')"};
	Register(loader, Relation::Unified, shared, "read_otlp", std::move(unified));
	RegisterTyped(loader, Relation::Spans, shared, "read_otlp_spans",
				  {"SELECT service_name, name, duration_ns FROM read_otlp_spans('traces.jsonl')"});
	RegisterTyped(loader, Relation::LogRecords, shared, "read_otlp_log_records",
				  {"SELECT time_unix_nano, severity, body_text FROM read_otlp_log_records('logs.jsonl')"});
	RegisterTyped(loader, Relation::DataPoints, shared, "read_otlp_data_points",
				  {"SELECT name, time_unix_nano, value FROM read_otlp_data_points('metrics.jsonl')"});
}

} // namespace duckspan
