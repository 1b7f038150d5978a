//! What C++ calls to add to DuckDB's own errors.

use duckspan_live::LiveTable;

use super::{Relation, Str};
use crate::boundary::{CFault, Text, guard};
use crate::hints;

/// What to add to the error of a query that was bound to a table of a receiver or, where the name of the receiver is
/// empty, to a relation of files; null if nothing. `missing` is the column that was not found, empty where only the message
/// may name it.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_hint(
    error: Str,
    missing: Str,
    receiver: Str,
    table: LiveTable,
    relation: Relation,
    fault: &mut CFault,
) -> Text {
    guard(fault, || {
        let (error, named, receiver) = (error.get(), missing.get(), receiver.get());
        let missing = match named.is_empty() {
            true => hints::missing(&error).unwrap_or_default(),
            false => &named,
        };
        let receiver = (!receiver.is_empty()).then_some((receiver.as_str(), table));
        let typed = receiver.map_or(relation.typed(), |(_, table)| table.relation());
        let hint = match typed {
            Some(relation) => hints::typed(&error, missing, relation),
            None => hints::column(missing, receiver),
        };
        Ok(hint.map_or(Text::NONE, Text::new))
    })
}
