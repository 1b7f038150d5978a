//! The relations that macros are given by name.

use duckspan_otlp::relation::Relation;

use super::Str;
use crate::boundary::{CFault, Fault, FaultKind, Result, Text, guard};
use crate::given;

/// The name of the relation of that kind of the only receiver, of those that are attached.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_given_only(
    kind: Str,
    receivers: *const Str,
    count: usize,
    fault: &mut CFault,
) -> Text {
    guard(fault, || given::only(relation(&kind)?, &Str::list(receivers, count)).map(Text::new))
}

/// Refuses a name that is no relation's.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_given_check_name(kind: Str, given: Str, fault: &mut CFault) {
    guard(fault, || given::check_name(relation(&kind)?, &given.get()));
}

/// Refuses a relation of another kind, by its columns.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_given_check_columns(
    kind: Str,
    given: Str,
    columns: *const Str,
    count: usize,
    fault: &mut CFault,
) {
    guard(fault, || {
        given::check_columns(relation(&kind)?, &given.get(), &Str::list(columns, count))
    });
}

/// Refuses a relation that has no rows of OTLP, by its columns.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_given_check_rows(
    kind: Str,
    given: Str,
    columns: *const Str,
    count: usize,
    fault: &mut CFault,
) {
    guard(fault, || given::check_rows(relation(&kind)?, &given.get(), &Str::list(columns, count)));
}

fn relation(kind: &Str) -> Result<&'static Relation> {
    let kind = kind.get();
    let found = Relation::ALL.into_iter().find(|relation| relation.name == kind);
    found.ok_or_else(|| Fault::new(FaultKind::Binder, format!("\"{kind}\" is no kind of relation")))
}
