//! Requests in JSON, from rows: what [`Segment::put_request`] puts together, without making it first.

use super::fields::{close, key, object};
use super::{Renderer, open_row, schema_url};
use crate::kept::{Kept, Projection, RowForm};
use crate::schema::role::{CONTENT, GROUPS};
use crate::schema::{self, Field, Kind, Message};
use crate::segment::Segment;
use crate::signal::Signal;
use crate::trusted::Trusted;

#[cfg(test)]
mod tests;

/// The lists of a request, from the outside in.
struct Lists([&'static Field; 3]);

impl Lists {
    fn of(signal: Signal) -> Option<Lists> {
        let inside = |field: &Field| match field.kind {
            Kind::Message(message) => Some(message),
            _ => None,
        };
        let groups = signal.data().field(GROUPS)?;
        let scopes = inside(groups)?.field(CONTENT)?;
        Some(Lists([groups, scopes, inside(scopes)?.field(CONTENT)?]))
    }
}

/// Appends all rows of a segment as one request.
///
/// # Panics
/// If it does not hold what they are rendered from.
pub fn request(segment: &Segment, out: &mut Vec<u8>) {
    segment.demand(Kept { parts: Projection::ALL, rows: RowForm::Text });
    let Some(Lists([groups, scopes, elements])) = Lists::of(segment.signal()) else { return };
    let mut renderer = Renderer::new(segment);
    out.push(b'{');
    open_list(groups, out);
    for rows in segment.groups(0..segment.len()) {
        let owner = segment.resource_parts(segment.resource_of(rows.start));
        put_owned(("\"resource\":", &schema::RESOURCE), owner, scopes, out, |out| {
            for rows in segment.scopes(rows) {
                let owner = segment.scope_parts(segment.scope_of(rows.start));
                let scope = ("\"scope\":", &schema::INSTRUMENTATION_SCOPE);
                put_owned(scope, owner, elements, out, |out| renderer.elements(rows, out));
            }
        });
    }
    close(b']', out);
    close(b'}', out);
}

/// Appends what a resource or scope has, with the list of what it owns.
fn put_owned(
    (name, message): (&str, &'static Message),
    [owner, url]: [Option<Trusted<'_>>; 2],
    list: &Field,
    out: &mut Vec<u8>,
    content: impl FnOnce(&mut Vec<u8>),
) {
    out.push(b'{');
    if let Some(owner) = owner {
        out.extend_from_slice(name.as_bytes());
        object(message, owner, 0, out);
        out.push(b',');
    }
    open_list(list, out);
    content(out);
    close(b']', out);
    out.push(b',');
    schema_url(url, out);
    close(b'}', out);
    out.push(b',');
}

fn open_list(field: &Field, out: &mut Vec<u8>) {
    key(field, out);
    out.push(b'[');
}

impl Renderer<'_> {
    /// Appends rows of one scope, each with a comma behind it.
    fn elements(&mut self, rows: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let segment = self.segment;
        if segment.signal() == Signal::Metrics {
            segment.metrics_of(rows).for_each(|rows| self.points(rows, out));
            return;
        }
        for row in rows {
            match segment.message_range(row) {
                Some(range) => {
                    open_row(segment.signal().element(), segment.checked().at(range), out);
                }
                None => out.push(b'{'),
            }
            close(b'}', out);
            out.push(b',');
        }
    }

    /// Appends the metric of these rows with its points.
    fn points(&mut self, rows: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let segment = self.segment;
        let number = segment.metric_of(rows.start);
        let metric = segment.checked().at(segment.metric_range(number).unwrap_or_default());
        let data = segment.data_rest(number).filter(|_| segment.message(rows.start).is_some());
        let Some((field, rest)) = data else {
            object(&schema::METRIC, metric, 0, out);
            out.push(b',');
            return;
        };
        let field = &schema::METRIC.fields[field];
        let Kind::Message(data_message) = field.kind else { return };
        let Some(point_message) = data_message.points() else { return };
        if self.metric.replace(number) != Some(number) {
            self.enter_metric(metric, segment.checked().at(rest), field, data_message);
        }
        out.extend_from_slice(&self.head);
        for range in rows.filter_map(|row| segment.message_range(row)) {
            open_row(point_message, segment.checked().at(range), out);
            close(b'}', out);
            out.push(b',');
        }
        // The tail begins with the bracket of the points.
        out.pop();
        out.extend_from_slice(&self.tail);
        close(b'}', out);
        out.push(b',');
    }
}
