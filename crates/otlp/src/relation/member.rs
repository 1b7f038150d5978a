//! Members of `data`, a column of the unified relation, that are read by themselves.

use super::column::{Level, messages};
use crate::schema::{Field, Kind, Rule};
use crate::signal::Signal;

/// A member of the JSON object `data` that is a text, an id, an integer or a bool.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Whose message it is a field of: a metric with one data point shows as the metric.
    pub(super) level: Level,
    pub(super) field: &'static Field,
}

impl Member {
    /// The member of that name in the rows of a signal; `None` if there is none of this kind.
    pub fn find(signal: Signal, name: &str) -> Option<Member> {
        let level = match signal {
            Signal::Metrics => Level::Metric,
            Signal::Traces | Signal::Logs => Level::Row,
        };
        let fields = messages(signal, level).into_iter().flat_map(|message| message.fields);
        let field = fields.into_iter().find(|field| field.name == name)?;
        let is_other = matches!(field.kind, Kind::Message(_) | Kind::Double | Kind::Bytes);
        (field.rule != Rule::Repeated && !is_other).then_some(Member { level, field })
    }
}
