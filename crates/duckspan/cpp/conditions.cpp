#include "scan.hpp"

#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"

using namespace duckdb; // NOLINT: every name below is DuckDB's

namespace duckspan {

namespace {

//! Whether it is `column->>'key'`.
bool IsLookup(const Expression &expr) {
	if (expr.GetExpressionClass() != ExpressionClass::BOUND_FUNCTION) {
		return false;
	}
	auto &function = expr.Cast<BoundFunctionExpression>();
	auto &name = function.Function().GetName();
	auto &children = function.GetChildren();
	if ((name != "->>" && name != "json_extract_string") || children.size() != 2 ||
		!ExpressionFilter::IsSimpleFilterColumnRef(*children[0]) ||
		children[1]->GetExpressionClass() != ExpressionClass::BOUND_CONSTANT) {
		return false;
	}
	auto &key = children[1]->Cast<BoundConstantExpression>().GetValue();
	return !key.IsNull() && key.type().id() == LogicalTypeId::VARCHAR && !StringValue::Get(key).empty();
}

//! What a condition is about: the column, or `column->>'key'`.
struct Subject {
	bool known = false;
	string key;

	explicit Subject(const Expression &expr) {
		if (ExpressionFilter::IsSimpleFilterColumnRef(expr)) {
			known = true;
		} else if (IsLookup(expr)) {
			known = true;
			key = LookupKey(expr);
		}
	}
};

//! Texts of which the subject is one, if that is all that an expression says.
struct OneOf {
	string key;
	vector<string> texts;

	//! Adds what an expression says; whether that is of this kind, and about this subject.
	bool Add(const Expression &expr) {
		switch (expr.GetExpressionType()) {
		case ExpressionType::CONJUNCTION_OR:
			return AddAll(expr.Cast<BoundConjunctionExpression>().GetChildren(), 0);
		case ExpressionType::COMPARE_IN: {
			auto &children = expr.Cast<BoundOperatorExpression>().GetChildren();
			return AddSubject(*children[0]) && AddAll(children, 1);
		}
		case ExpressionType::COMPARE_EQUAL: {
			auto &comparison = expr.Cast<BoundFunctionExpression>();
			auto &left = BoundComparisonExpression::Left(comparison);
			auto &right = BoundComparisonExpression::Right(comparison);
			return (AddSubject(left) && Add(right)) || (AddSubject(right) && Add(left));
		}
		case ExpressionType::VALUE_CONSTANT: {
			auto &value = expr.Cast<BoundConstantExpression>().GetValue();
			if (value.type().id() != LogicalTypeId::VARCHAR) {
				return false;
			}
			if (!value.IsNull()) {
				texts.push_back(StringValue::Get(value));
			}
			return true;
		}
		default:
			return false;
		}
	}

private:
	bool AddAll(const vector<unique_ptr<Expression>> &children, idx_t first) {
		for (idx_t index = first; index < children.size(); index++) {
			if (!Add(*children[index])) {
				return false;
			}
		}
		return true;
	}

	bool AddSubject(const Expression &expr) {
		Subject subject(expr);
		// A condition on two subjects, as in a OR b, says of neither that it must hold.
		if (!subject.known || (has_subject && subject.key != key)) {
			return false;
		}
		has_subject = true;
		key = subject.key;
		return true;
	}

	bool has_subject = false;
};

void AddTexts(Conditions &conditions, idx_t column, const string &key, const OneOf &one_of) {
	vector<Str> lent;
	for (auto &text : one_of.texts) {
		lent.push_back(Lend(text));
	}
	Call(duckspan_conditions_texts, &conditions, column, Lend(key), lent.data(), lent.size());
}

void AddNumber(Conditions &conditions, idx_t column, ExpressionType type, int64_t number) {
	Comparison comparison;
	switch (type) {
	case ExpressionType::COMPARE_EQUAL:
		comparison = Comparison::Equal;
		break;
	case ExpressionType::COMPARE_LESSTHAN:
		comparison = Comparison::Less;
		break;
	case ExpressionType::COMPARE_LESSTHANOREQUALTO:
		comparison = Comparison::LessOrEqual;
		break;
	case ExpressionType::COMPARE_GREATERTHAN:
		comparison = Comparison::Greater;
		break;
	case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
		comparison = Comparison::GreaterOrEqual;
		break;
	default:
		return;
	}
	Call(duckspan_conditions_number, &conditions, column, comparison, number);
}

void AddComparison(Conditions &conditions, idx_t column, const BoundFunctionExpression &expr) {
	ExpressionType type;
	auto constant = ExpressionFilter::TryGetColumnConstantComparison(expr, type);
	if (!constant || constant->GetValue().IsNull()) {
		return;
	}
	auto &value = constant->GetValue();
	switch (value.type().id()) {
	case LogicalTypeId::INTEGER:
	case LogicalTypeId::UINTEGER:
	case LogicalTypeId::BIGINT:
		return AddNumber(conditions, column, type, value.GetValue<int64_t>());
	case LogicalTypeId::TIMESTAMP_NS:
		return AddNumber(conditions, column, type, TimestampNSValue::Get(value).value);
	default:
		return;
	}
}

//! Adds what is known of an expression that must be true of a column, or of `column->>'key'` if there is a key.
void Add(Conditions &conditions, idx_t column, const string &key, const Expression &expr) {
	OneOf one_of;
	if (one_of.Add(expr) && !one_of.texts.empty()) {
		AddTexts(conditions, column, key.empty() ? one_of.key : key, one_of);
	} else if (ExpressionFilter::IsRootOptionalExpression(expr)) {
		// Of a Top-N or a join, and not applied by DuckDB again: to leave out rows by it is what it is for.
		if (auto child = ExpressionFilter::GetOptionalFilterChild(expr)) {
			Add(conditions, column, key, *child);
		}
	} else if (expr.GetExpressionType() == ExpressionType::CONJUNCTION_AND) {
		for (auto &child : expr.Cast<BoundConjunctionExpression>().GetChildren()) {
			Add(conditions, column, key, *child);
		}
	} else if (BoundComparisonExpression::IsComparison(expr)) {
		AddComparison(conditions, column, expr.Cast<BoundFunctionExpression>());
	}
}

} // namespace

string LookupKey(const Expression &lookup) {
	auto &key = *lookup.Cast<BoundFunctionExpression>().GetChildren()[1];
	return StringValue::Get(key.Cast<BoundConstantExpression>().GetValue());
}

optional_ptr<const BoundColumnRefExpression> LookupColumn(const Expression &expr) {
	if (!IsLookup(expr)) {
		return nullptr;
	}
	auto &column = *expr.Cast<BoundFunctionExpression>().GetChildren()[0];
	if (column.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
		return nullptr;
	}
	auto &reference = column.Cast<BoundColumnRefExpression>();
	return reference.Depth() == 0 ? &reference : nullptr;
}

ConditionsHandle ReadConditions(const ScanRequest &request) {
	ConditionsHandle result(Call(duckspan_conditions_new));
	if (request.filters) {
		for (const auto &entry : *request.filters) {
			auto index = entry.GetIndex().GetIndex();
			auto key = request.keys.empty() ? string() : request.keys[index];
			Add(*result, request.columns[index], key, *entry.Filter().Cast<ExpressionFilter>().expr);
		}
	}
	return result;
}

bool IsTold(Relation relation, idx_t column, const Expression &expr) {
	OneOf one_of;
	if (!one_of.Add(expr) || one_of.texts.empty()) {
		return false;
	}
	ConditionsHandle conditions(Call(duckspan_conditions_new));
	AddTexts(*conditions, column, one_of.key, one_of);
	return Call(duckspan_conditions_are_told, conditions.get(), relation);
}

column_t ColumnOf(const LogicalGet &get, const Expression &expr) {
	auto found = COLUMN_IDENTIFIER_EMPTY;
	ExpressionIterator::VisitExpression<BoundColumnRefExpression>(expr, [&](const BoundColumnRefExpression &reference) {
		found = get.GetColumnIds()[reference.Binding().column_index].GetPrimaryIndex();
	});
	return found;
}

} // namespace duckspan
