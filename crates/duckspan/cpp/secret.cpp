//! `CREATE SECRET (TYPE otlp, …)`: what an upstream wants to be told, and is never shown.

#include "duckdb.hpp"
#include "duckdb/catalog/catalog_transaction.hpp"
#include "duckdb/main/secret/secret.hpp"
#include "duckdb/main/secret/secret_manager.hpp"

#include "extension.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

constexpr auto SECRET_TYPE = "otlp";
constexpr auto SECRET_PROVIDER = "config";

unique_ptr<BaseSecret> CreateSecret(ClientContext &, CreateSecretInput &input) {
	for (auto &scope : input.scope) {
		Call(duckspan_copy_check_scope, Lend(scope));
	}
	auto secret = make_uniq<KeyValueSecret>(input.scope, input.type, input.provider, input.name);
	for (auto name : {"token", "headers", "ca", "certificate", "key"}) {
		secret->TrySetValue(name, input);
	}
	secret->redact_keys = {"token", "headers", "key"};
	return std::move(secret);
}

} // namespace

void ReadSecret(ClientContext &context, const string &path, const SecretReader &read) {
	auto transaction = CatalogTransaction::GetSystemCatalogTransaction(context);
	auto match = SecretManager::Get(context).LookupSecret(transaction, path, SECRET_TYPE);
	if (!match.HasMatch()) {
		return;
	}
	auto &secret = match.GetSecret().Cast<KeyValueSecret>();
	for (auto &entry : secret.secret_map) {
		auto &value = entry.second;
		if (value.IsNull()) {
			continue;
		}
		if (value.type().id() != LogicalTypeId::MAP) {
			read(entry.first.GetIdentifierName(), "", value.ToString());
			continue;
		}
		for (auto &pair : MapValue::GetChildren(value)) {
			auto &members = StructValue::GetChildren(pair);
			read(entry.first.GetIdentifierName(), members[0].ToString(), members[1].ToString());
		}
	}
}

void RegisterSecret(ExtensionLoader &loader) {
	SecretType type;
	type.name = SECRET_TYPE;
	type.deserializer = KeyValueSecret::Deserialize<KeyValueSecret>;
	type.default_provider = SECRET_PROVIDER;
	loader.RegisterSecretType(type);
	CreateSecretFunction function;
	function.secret_type = SECRET_TYPE;
	function.provider = SECRET_PROVIDER;
	function.function = CreateSecret;
	for (auto name : {"token", "ca", "certificate", "key"}) {
		function.named_parameters[name] = LogicalType::VARCHAR;
	}
	function.named_parameters["headers"] = LogicalType::MAP(LogicalType::VARCHAR, LogicalType::VARCHAR);
	loader.RegisterFunction(std::move(function));
}

} // namespace duckspan
