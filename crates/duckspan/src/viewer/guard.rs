//! Functions that do more than to read, though a query may call them: a transaction that is read only does not keep
//! them from it.

use crate::boundary::{Fault, FaultKind, Result};
use crate::expression::Expression;
use crate::plan::Plan;

/// Ours, DuckDB's, and those of extensions of DuckDB's own. Whatever writes to a database is refused by DuckDB.
const REFUSED: [&str; 28] = [
    "add_grammar_extension",
    "checkpoint",
    "create_external_resource",
    "destroy_external_resource",
    "disable_logging",
    "disable_profiling",
    "dbgen",
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
pub(crate) fn check(plan: &Plan<'_>) -> Result<()> {
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
