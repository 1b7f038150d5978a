//! What C++ calls to add to DuckDB's own errors.

use super::Str;
use crate::boundary::{CFault, Text, guard};
use crate::hints;
use crate::live::LiveTable;

/// What to say of a column that a query does not find in a table of a receiver, or in files where the name of the
/// receiver is empty; null if nothing.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_hint_column(
    column: Str,
    receiver: Str,
    table: LiveTable,
    fault: &mut CFault,
) -> Text {
    guard(fault, || {
        let receiver = receiver.get();
        let receiver = (!receiver.is_empty()).then_some((receiver.as_str(), table));
        Ok(hints::column(&column.get(), receiver).map_or(Text::NONE, Text::new))
    })
}
