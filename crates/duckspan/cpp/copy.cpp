//! `COPY … TO 'x.jsonl' (FORMAT otlp)`, and TO 'otlp://host:4317'.

#include "duckdb.hpp"
#include "duckdb/common/file_system.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/execution_context.hpp"
#include "duckdb/function/copy_function.hpp"
#include "duckdb/logging/log_manager.hpp"
#include "duckdb/logging/logger.hpp"
#include "duckdb/main/settings.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_copy_to_file.hpp"
#include "duckdb/planner/operator/logical_order.hpp"

#include "extension.hpp"
#include "plan.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

struct CopyBind : public TableFunctionData {
	CopyHandle copy;
};

//! One file, with PER_THREAD_OUTPUT there are several; or an upstream.
struct CopyGlobal : public GlobalFunctionData {
	//! Writes or sends what is encoded of these rows.
	void Write(ClientContext &context, CopyRows &rows) {
		if (sender) {
			while (!Call(duckspan_copy_sender_add, sender.get(), &rows)) {
				context.BlockingInterruptCheck();
			}
			return;
		}
		lock_guard<mutex> guard(lock);
		Append(Take(Call(duckspan_copy_file_add, encoded.get(), &rows)));
	}
	void Append(const string &bytes) {
		file->Write(const_cast<char *>(bytes.data()), bytes.size()); // NOLINT: it is not written to
		size += bytes.size();
	}
	void End(ClientContext &context) {
		if (!sender) {
			Append(Take(Call(duckspan_copy_file_end, encoded.get())));
			file->Close();
			return;
		}
		Text warning {nullptr, 0};
		while (!Call(duckspan_copy_sender_end, sender.get(), &warning)) {
			context.BlockingInterruptCheck();
		}
		auto text = Take(warning);
		if (!text.empty()) {
			DUCKDB_LOG_WARNING(context, "%s", text);
		}
	}

	mutex lock;
	CopyFileHandle encoded;
	unique_ptr<FileHandle> file;
	CopySenderHandle sender;
	atomic<idx_t> size {0};
};

struct CopyBatch : public PreparedBatchData {
	CopyRowsHandle rows;
};

vector<Named> LendNamed(const vector<pair<string, string>> &texts) {
	vector<Named> lent;
	for (auto &text : texts) {
		lent.push_back(Named {Lend(text.first), Lend(text.second)});
	}
	return lent;
}

void AllowSending(ClientContext &context, CopyTo &copy, const string &path) {
	if (!Settings::Get<EnableExternalAccessSetting>(context)) {
		throw PermissionException("Rows cannot be sent: enable_external_access is false");
	}
	ReadSecret(context, path, [&](const string &name, const string &key, const string &value) {
		Call(duckspan_copy_set_secret, &copy, Lend(name), Lend(key), Lend(value));
	});
}

unique_ptr<FunctionData> BindCopy(ClientContext &context, CopyFunctionBindInput &input, const vector<Identifier> &names,
								  const vector<LogicalType> &types) {
	vector<pair<string, string>> columns;
	vector<pair<string, string>> options;
	for (idx_t column = 0; column < names.size(); column++) {
		columns.emplace_back(names[column].GetIdentifierName(), types[column].ToString());
	}
	for (auto &option : input.info.options) {
		if (option.second.size() > 1) {
			throw BinderException("%s takes one value, and no list of several", option.first.GetIdentifierName());
		}
		auto value = option.second.empty() ? Value("") : option.second[0];
		options.emplace_back(StringUtil::Lower(option.first.GetIdentifierName()), value.ToString());
	}
	auto column_texts = LendNamed(columns);
	auto option_texts = LendNamed(options);
	auto result = make_uniq<CopyBind>();
	result->copy.reset(Call(duckspan_copy_new, Lend(input.info.file_path), column_texts.data(), column_texts.size(),
							option_texts.data(), option_texts.size()));
	if (Call(duckspan_copy_sends, result->copy.get())) {
		AllowSending(context, *result->copy, input.info.file_path);
	}
	return std::move(result);
}

//! Before addresses of HTTP while rows are sent there. DuckDB asks a file system whether what COPY writes to is there
//! already: it would be that of httpfs, which 2.0.0 installs for that, and which asks the upstream. This one is ours.
constexpr const char *SENDING = "otlp://COPY TO ";

void NameUpstream(LogicalCopyToFile &to, const CopyTo &copy) {
	auto is_one_file = !to.per_thread_output && !to.partition_output && !to.rotate;
	if (is_one_file && StringUtil::StartsWith(to.file_path, "http") && Call(duckspan_copy_sends, &copy)) {
		to.file_path = SENDING + to.file_path;
	}
}

//! Sorts rows where they are to come in order. DuckDB does that on disk where they do not fit into memory.
void Order(LogicalCopyToFile &to, const CopyTo &copy) {
	size_t column = 0;
	if (!Call(duckspan_copy_is_ordered, &copy, &column)) {
		return;
	}
	auto &rows = to.children[0];
	rows->ResolveOperatorTypes();
	auto key = make_uniq<BoundColumnRefExpression>(rows->types[column], rows->GetColumnBindings()[column]);
	vector<BoundOrderByNode> order;
	order.emplace_back(OrderType::ASCENDING, OrderByNullType::NULLS_LAST, std::move(key));
	auto sorted = make_uniq<LogicalOrder>(std::move(order));
	sorted->children.push_back(std::move(rows));
	rows = std::move(sorted);
	// One after the other, rather than in batches that are encoded beside each other.
	to.function.execution_mode = nullptr;
}

void Prepare(LogicalOperator &op) {
	if (op.type == LogicalOperatorType::LOGICAL_COPY_TO_FILE) {
		auto &to = op.Cast<LogicalCopyToFile>();
		if (to.function.copy_to_bind == BindCopy) {
			auto &copy = *to.bind_data->Cast<CopyBind>().copy;
			NameUpstream(to, copy);
			Order(to, copy);
		}
	}
	for (auto &child : op.children) {
		Prepare(*child);
	}
}

string NameOf(const string &path) {
	return StringUtil::StartsWith(path, SENDING) ? path.substr(strlen(SENDING)) : path;
}

void Add(CopyRows &rows, DataChunk &chunk) {
	chunk.Flatten();
	vector<void *> columns;
	for (auto &column : chunk.data) {
		columns.push_back(&column);
	}
	Call(duckspan_copy_rows_add, &rows, columns.data(), columns.size(), chunk.size());
}

unique_ptr<GlobalFunctionData> InitCopy(ClientContext &context, FunctionData &bind, const string &path) {
	auto result = make_uniq<CopyGlobal>();
	auto &copy = *bind.Cast<CopyBind>().copy;
	if (Call(duckspan_copy_sends, &copy)) {
		result->sender.reset(Call(duckspan_copy_sender_new, &copy, Lend(NameOf(path))));
		return std::move(result);
	}
	result->encoded.reset(Call(duckspan_copy_file_new, &copy));
	auto flags = FileFlags::FILE_FLAGS_WRITE | FileFlags::FILE_FLAGS_FILE_CREATE_NEW | FileLockType::WRITE_LOCK;
	result->file = FileSystem::GetFileSystem(context).OpenFile(path, flags);
	return std::move(result);
}

//! Rows come in batches, which is all that a thread has. DuckDB asks for this all the same.
unique_ptr<LocalFunctionData> InitCopyLocal(ExecutionContext &, FunctionData &) {
	return make_uniq<LocalFunctionData>();
}

void Finalize(ClientContext &context, FunctionData &, GlobalFunctionData &global) {
	global.Cast<CopyGlobal>().End(context);
}

unique_ptr<PreparedBatchData> PrepareBatch(ClientContext &, FunctionData &bind, GlobalFunctionData &global,
										   unique_ptr<ColumnDataCollection> collection) {
	auto result = make_uniq<CopyBatch>();
	auto sender = global.Cast<CopyGlobal>().sender.get();
	result->rows.reset(Call(duckspan_copy_rows_new, bind.Cast<CopyBind>().copy.get(), sender));
	for (auto &chunk : collection->Chunks()) {
		Add(*result->rows, chunk);
	}
	Call(duckspan_copy_rows_finish, result->rows.get());
	return std::move(result);
}

void FlushBatch(ClientContext &context, FunctionData &, GlobalFunctionData &global, PreparedBatchData &batch) {
	global.Cast<CopyGlobal>().Write(context, *batch.Cast<CopyBatch>().rows);
}

CopyFunctionExecutionMode Mode(bool preserve_insertion_order, bool supports_batch_index) {
	if (!preserve_insertion_order) {
		return CopyFunctionExecutionMode::PARALLEL_COPY_TO_FILE;
	}
	return supports_batch_index ? CopyFunctionExecutionMode::BATCH_COPY_TO_FILE
								: CopyFunctionExecutionMode::REGULAR_COPY_TO_FILE;
}

//! Rows of a batch: two requests.
optional_idx BatchSize(ClientContext &, FunctionData &) {
	return 8 * STANDARD_VECTOR_SIZE;
}

idx_t FileSize(GlobalFunctionData &global) {
	return global.Cast<CopyGlobal>().size;
}

} // namespace

void RegisterCopy(ExtensionLoader &loader) {
	CopyFunction function(Identifier("otlp"));
	function.copy_to_bind = BindCopy;
	function.copy_to_initialize_global = InitCopy;
	function.copy_to_initialize_local = InitCopyLocal;
	function.copy_to_finalize = Finalize;
	function.execution_mode = Mode;
	function.prepare_batch = PrepareBatch;
	function.flush_batch = FlushBatch;
	function.desired_batch_size = BatchSize;
	function.file_size_bytes = FileSize;
	function.extension = "jsonl";
	loader.RegisterFunction(std::move(function));
	WhenBound(loader.GetDatabaseInstance(), [](PlannerExtensionInput &, BoundStatement &statement) {
		if (statement.plan) {
			Prepare(*statement.plan);
		}
	});
}

} // namespace duckspan
