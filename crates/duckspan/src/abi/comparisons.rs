//! What C++ calls to refuse comparisons.

use super::{Relation, Str};
use crate::boundary::{CFault, Fallback, guard};
use crate::comparisons::{self, Subject};

impl Fallback for Subject {
    const FALLBACK: Subject = Subject::Other;
}

/// What the column at a position of a relation is.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_comparison_subject(
    relation: Relation,
    position: usize,
    fault: &mut CFault,
) -> Subject {
    guard(fault, || Ok(comparisons::subject(relation.typed(), position)))
}

/// Refuses to compare the column with a text that it never is, or by order.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_comparison_check_text(
    relation: Relation,
    position: usize,
    text: Str,
    is_order: bool,
    fault: &mut CFault,
) {
    guard(fault, || match (relation.typed(), is_order) {
        (Some(relation), true) => comparisons::check_order(relation, position, &text.get()),
        (Some(relation), false) => comparisons::check_name(relation, position, &text.get()),
        (None, _) => Ok(()),
    });
}

/// Refuses to compare a column in UTC with local time, unless the time zone is UTC.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_comparison_check_zone(column: Str, zone: Str, fault: &mut CFault) {
    guard(fault, || comparisons::check_zone(&column.get(), &zone.get()));
}
