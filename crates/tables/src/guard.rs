//! Functions that do more than to read, though a query may call them: a transaction that is read only does not keep
//! them from it.

use crate::expression::Expression;
use crate::fault::{Fault, FaultKind, Result};
use crate::plan::Plan;

/// Ours, DuckDB's, and those of extensions of DuckDB's own. Whatever writes to a database is refused by DuckDB.
const REFUSED: [&str; 28] = [
    "add_grammar_extension",
    "checkpoint",
    "create_external_resource",
    "dbgen",
    "destroy_external_resource",
    "disable_logging",
    "disable_profiling",
    "dsdgen",
    "enable_logging",
    "enable_profiling",
    "force_checkpoint",
    "json_execute_serialized_sql",
    "load_aws_credentials",
    "mysql_clear_cache",
    "mysql_execute",
    "mysql_query",
    "otlp_archive",
    "otlp_flush",
    "otlp_viewer",
    "otlp_viewer_stop",
    "postgres_attach",
    "postgres_execute",
    "postgres_query",
    "register_external_resource",
    "remove_grammar_extension",
    "sqlite_attach",
    "truncate_duckdb_logs",
    "write_log",
];

/// Refuses a plan with a function that does more than to read.
///
/// # Errors
/// If there is one.
pub fn check(plan: &Plan<'_>) -> Result<()> {
    plan.operators.iter().try_for_each(|operator| check_function(&operator.function))?;
    plan.expressions().try_for_each(check_expression)
}

fn check_expression(expression: &Expression) -> Result<()> {
    if let Expression::Other(other) = expression {
        check_function(&other.function)?;
    }
    expression.children().iter().try_for_each(check_expression)
}

fn check_function(name: &str) -> Result<()> {
    if !REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let message = format!(
        "{name} does more than to read, so queries of this viewer may not call it: \
         CALL otlp_viewer(allow_write := true) starts one whose may"
    );
    Err(Fault::new(FaultKind::Binder, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Other, Time};
    use crate::plan::tests::{operator, scan};
    use crate::plan::{Operator, OperatorKind};

    fn call(function: &str, children: Vec<Expression>) -> Expression {
        let function = function.to_owned();
        Expression::Other(Other { function, time: Time::Other, children })
    }

    /// Why a plan is refused that filters by an expression what a function returns; empty if it is not.
    fn refusal(condition: Expression, function: &str) -> String {
        let source = Operator { function: function.to_owned(), ..scan(0, None, &[0]) };
        let plan = Plan::new(vec![operator(OperatorKind::Filter, 1, vec![condition]), source]);
        check(&plan).map_or_else(|fault| fault.message, |()| String::new())
    }

    #[test]
    fn functions_are_refused_wherever_they_stand() {
        let harmless = || call("length", vec![call("otlp_archive_of_mine", Vec::new())]);
        assert_eq!(refusal(harmless(), "read_otlp"), "");
        let message = refusal(harmless(), "Otlp_Archive");
        assert!(message.starts_with("Otlp_Archive does more than to read"), "{message}");
        let message = refusal(call("length", vec![call("write_log", Vec::new())]), "read_otlp");
        assert!(message.starts_with("write_log does more than to read"), "{message}");
    }

    #[test]
    fn each_function_is_there_once() {
        assert!(REFUSED.is_sorted_by(|one, next| one < next));
    }
}
