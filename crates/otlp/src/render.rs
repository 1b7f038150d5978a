//! Canonical OTLP/JSON from canonical protobuf.

use crate::kept::{Kept, Projection, RowForm};
use crate::schema::role::POINTS;
use crate::schema::{self, Field, Kind, Message};
use crate::segment::{Segment, text as row_text};
use crate::signal::Signal;
use crate::trusted::Trusted;
use crate::verify::Verified;

mod fields;
pub(crate) mod number;
mod request;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub use request::request;

pub(crate) use fields::scalar;
use fields::{ALL, close, fields, key, nested, object};

/// Appends a message that is canonical as a JSON object.
pub fn message(verified: &Verified<'_>, out: &mut Vec<u8>) {
    nested(verified.message, verified.trusted(), 0, out);
}

/// Appends the resource of that number, with the schema URL beside it as a member; `false`, and nothing
/// appended, where there is neither.
///
/// # Panics
/// If the segment does not hold resources.
pub fn resource(segment: &Segment, number: usize, out: &mut Vec<u8>) -> bool {
    let parts = Projection { resource: true, ..Projection::NOTHING };
    segment.demand(Kept { parts, rows: RowForm::Times });
    let [message, url] = segment.resource_parts(number);
    if message.is_none() && url.is_none() {
        return false;
    }
    out.push(b'{');
    if let Some(message) = message {
        fields(&schema::RESOURCE, message, ALL, 0, out);
    }
    schema_url(url, out);
    close(b'}', out);
    true
}

/// Appends a row; [`Renderer`] is faster for several.
pub fn data(segment: &Segment, row: usize, out: &mut Vec<u8>) {
    Renderer::new(segment).data(row, out);
}

/// Renders rows of a segment; what neighbouring rows share is rendered once.
#[derive(Debug)]
pub struct Renderer<'a> {
    segment: &'a Segment,
    /// The scope of the last row, and its members of the row's object, each with a comma behind it.
    scope: Option<usize>,
    scope_text: Vec<u8>,
    /// The metric of the last row, and its members up to its data point and after it.
    metric: Option<usize>,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl<'a> Renderer<'a> {
    /// A renderer of the rows of `segment`.
    ///
    /// # Panics
    /// If it does not hold what they are rendered from.
    pub fn new(segment: &'a Segment) -> Renderer<'a> {
        segment.demand(Kept::RENDERED);
        Renderer {
            segment,
            scope: None,
            scope_text: Vec::new(),
            metric: None,
            head: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// Appends a row: the span or log record, or the metric with that one data point; with the scope and
    /// its schema URL as members.
    pub fn data(&mut self, row: usize, out: &mut Vec<u8>) {
        let segment = self.segment;
        self.enter_scope(segment.scope_of(row));
        let message = segment.message_range(row).map(|range| segment.checked().at(range));
        match (segment.signal(), message) {
            (Signal::Metrics, point) => self.metric(segment.metric_of(row), point, out),
            (signal, Some(message)) => open_row(signal.element(), message, out),
            (_, None) => out.push(b'{'),
        }
        out.extend_from_slice(&self.scope_text);
        close(b'}', out);
    }

    fn enter_scope(&mut self, number: usize) {
        if self.scope == Some(number) {
            return;
        }
        self.scope = Some(number);
        self.scope_text.clear();
        let [message, url] = self.segment.scope_parts(number);
        if let Some(message) = message {
            self.scope_text.extend_from_slice(b"\"scope\":");
            object(&schema::INSTRUMENTATION_SCOPE, message, 0, &mut self.scope_text);
            self.scope_text.push(b',');
        }
        schema_url(url, &mut self.scope_text);
    }

    /// Appends the metric of that number with one of its points, or without one, up to its closing bracket.
    fn metric(&mut self, number: usize, point: Option<Trusted<'_>>, out: &mut Vec<u8>) {
        let segment = self.segment;
        let message = segment.checked().at(segment.metric_range(number).unwrap_or_default());
        let (Some(point), Some((field, rest))) = (point, segment.data_rest(number)) else {
            out.push(b'{');
            return fields(&schema::METRIC, message, ALL, 0, out);
        };
        let field = &schema::METRIC.fields[field];
        let Kind::Message(data_message) = field.kind else { return };
        let Some(point_message) = data_message.points() else { return };
        if self.metric.replace(number) != Some(number) {
            self.enter_metric(message, segment.checked().at(rest), field, data_message);
        }
        out.extend_from_slice(&self.head);
        open_row(point_message, point, out);
        close(b'}', out);
        out.extend_from_slice(&self.tail);
    }

    fn enter_metric(
        &mut self,
        metric: Trusted<'_>,
        rest: Trusted<'_>,
        field: &Field,
        data_message: &'static Message,
    ) {
        let Some(points) = data_message.field(POINTS) else { return };
        self.head.clear();
        self.head.push(b'{');
        fields(&schema::METRIC, metric, (0, field.number - 1), 0, &mut self.head);
        key(field, &mut self.head);
        self.head.push(b'{');
        key(points, &mut self.head);
        self.head.push(b'[');
        self.tail.clear();
        self.tail.extend_from_slice(b"],");
        // Only what is behind the points: to step over them would take a walk over all for each window of rows.
        fields(data_message, rest, (points.number + 1, u8::MAX), 0, &mut self.tail);
        close(b'}', &mut self.tail);
        self.tail.push(b',');
        fields(&schema::METRIC, metric, (field.number + 1, u8::MAX), 0, &mut self.tail);
    }
}

/// Appends a span, log record or data point without its last bracket.
fn open_row(schema: &'static Message, row: Trusted<'_>, out: &mut Vec<u8>) {
    match row_text::of_row(row.content()) {
        Some((_, text)) => out.extend_from_slice(text),
        None => {
            out.push(b'{');
            fields(schema, row, ALL, 0, out);
        }
    }
}

fn schema_url(url: Option<Trusted<'_>>, out: &mut Vec<u8>) {
    if let Some(url) = url {
        out.extend_from_slice(b"\"schemaUrl\":");
        text::string(url, out);
        out.push(b',');
    }
}
