//! Rows back to requests: what [`crate::render`] wrote, read again.
//!
//! A row is a resource and the data beside it, both JSON. Neighbours with the same resource and scope
//! share them in the request that is built. Unlike a request from afar, a row is refused if any of it
//! would be lost: a key that its signal does not know, or a value that cannot be taken as it stands.

use std::ops::Range;

use super::members::members;
use super::{Projection, Transcoder};
use crate::error::{Error, Result};
use crate::schema::role::{CONTENT, GROUPS};
use crate::schema::{INSTRUMENTATION_SCOPE, Kind, Message, NUMBER_DATA_POINT, RESOURCE, Role};
use crate::segment::{Segment, SegmentBuilder};
use crate::signal::{Signal, SignalSet};

#[cfg(test)]
mod tests;

/// A row as SQL has it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Microseconds since the epoch; `None` where the caller leaves it to the data.
    pub timestamp: Option<i64>,
    /// The `Resource` object, with `schemaUrl`; `None` where there is none.
    pub resource: Option<&'a str>,
    /// The span or log record, or the metric with one data point; with `scope` and `schemaUrl`.
    pub data: &'a str,
}

/// Why rows cannot be a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Which of the rows since the last segment, from 0.
    pub row: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Collects rows of one signal.
#[derive(Debug)]
pub struct Replay {
    signal: Signal,
    transcoder: Transcoder,
    /// JSON of the request so far, without its end.
    text: Vec<u8>,
    rows: Vec<Pending>,
    resource: Owner,
    scope: Owner,
}

/// A row in the text.
#[derive(Debug, Clone)]
struct Pending {
    timestamp: Option<i64>,
    resource: Range<usize>,
    scope: Range<usize>,
    data: Range<usize>,
}

/// The resource or scope that is open.
#[derive(Debug, Default)]
struct Owner {
    /// What told it from the one before.
    key: Vec<u8>,
    /// Its opening, up to the list of what it owns.
    text: Range<usize>,
}

/// The names of a request's lists, from the outside in.
fn lists(signal: Signal) -> [&'static str; 3] {
    let mut message = signal.data();
    [GROUPS, CONTENT, CONTENT].map(|number| {
        let Some(field) = message.field(number) else { return "" };
        if let Kind::Message(inner) = field.kind {
            message = inner;
        }
        field.name
    })
}

/// The names of the fields that the time of a row is taken from.
fn times(signal: Signal) -> String {
    let row = match signal {
        Signal::Metrics => &NUMBER_DATA_POINT,
        Signal::Traces | Signal::Logs => signal.element(),
    };
    let names = row.times.into_iter().filter_map(|number| row.field(number.into()));
    names.map(|field| field.name).collect::<Vec<_>>().join(" or ")
}

/// What stands beside a row's own fields.
#[derive(Default)]
struct Beside {
    scope: Option<Range<usize>>,
    schema_url: Option<Range<usize>>,
}

impl Replay {
    /// No rows of this signal, yet.
    pub fn new(signal: Signal) -> Replay {
        Replay {
            signal,
            transcoder: Transcoder::new(),
            text: Vec::new(),
            rows: Vec::new(),
            resource: Owner::default(),
            scope: Owner::default(),
        }
    }

    /// Rows since the last segment.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row since the last segment.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of JSON since the last segment.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If it is not a row of this signal. The rows since the last segment are gone then.
    pub fn push(&mut self, row: Row<'_>) -> std::result::Result<(), BadRow> {
        let at = self.rows.len();
        self.try_push(row).map_err(|error| {
            self.text.clear();
            self.rows.clear();
            BadRow { row: at, reason: error.to_string() }
        })
    }

    fn try_push(&mut self, row: Row<'_>) -> Result<()> {
        let data = row.data.as_bytes();
        let beside = beside(data, self.signal.element(), Some(self.signal))?;
        self.enter_resource(row.resource)?;
        self.enter_scope(data, &beside)?;
        if self.text.last() != Some(&b'[') {
            self.text.push(b',');
        }
        let start = self.text.len();
        self.text.extend_from_slice(data);
        self.rows.push(Pending {
            timestamp: row.timestamp,
            resource: self.resource.text.clone(),
            scope: self.scope.text.clone(),
            data: start..self.text.len(),
        });
        Ok(())
    }

    fn enter_resource(&mut self, resource: Option<&str>) -> Result<()> {
        let resource = resource.unwrap_or_default().as_bytes();
        if !self.rows.is_empty() && self.resource.key == resource {
            return Ok(());
        }
        let url = match resource {
            b"" => None,
            _ => beside(resource, &RESOURCE, None).map_err(|e| within("resource", &e))?.schema_url,
        };
        let [outer, inner, _] = lists(self.signal);
        match self.rows.is_empty() {
            true => self.text.extend_from_slice(format!("{{\"{outer}\":[").as_bytes()),
            false => self.text.extend_from_slice(b"]}]},"),
        }
        let start = self.text.len();
        let url = url.map(|url| &resource[url]);
        open(&mut self.text, ("resource", resource), url, inner);
        self.resource.text = start..self.text.len();
        self.resource.key = resource.to_vec();
        self.scope.text = 0..0;
        Ok(())
    }

    fn enter_scope(&mut self, data: &[u8], beside: &Beside) -> Result<()> {
        let of = |range: &Option<Range<usize>>| range.clone().map_or(&b""[..], |at| &data[at]);
        let (scope, url) = (of(&beside.scope), of(&beside.schema_url));
        // JSON text has no NUL, so the two cannot be mistaken for another two.
        let key = [scope, b"\0", url].concat();
        if !self.scope.text.is_empty() && self.scope.key == key {
            return Ok(());
        }
        if !scope.is_empty() {
            self::beside(scope, &INSTRUMENTATION_SCOPE, None).map_err(|e| within("scope", &e))?;
        }
        if !self.scope.text.is_empty() {
            self.text.extend_from_slice(b"]},");
        }
        let [_, _, inner] = lists(self.signal);
        let start = self.text.len();
        open(&mut self.text, ("scope", scope), (!url.is_empty()).then_some(url), inner);
        self.scope = Owner { key, text: start..self.text.len() };
        Ok(())
    }

    /// Turns the rows into a segment; nothing if there are none. They are gone afterwards, one way or
    /// the other.
    ///
    /// # Errors
    /// If a row would not come back as it went in.
    pub fn take(&mut self) -> std::result::Result<Option<Segment>, BadRow> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        self.text.extend_from_slice(END);
        let text = std::mem::take(&mut self.text);
        let rows = std::mem::take(&mut self.rows);
        let taken = self.segment(&text).map_err(|error| self.blame(&text, &rows, &error));
        let taken = taken.and_then(|segment| match self.check(&segment, &rows) {
            Some(bad) => Err(bad),
            None if segment.len() == rows.len() => Ok(Some(segment)),
            None => Err(self.blame(&text, &rows, &Error::new("not one row", 0))),
        });
        (self.text, self.rows) = (text, rows);
        self.text.clear();
        self.rows.clear();
        taken
    }

    /// The segment of a request that no repair was made in.
    fn segment(&mut self, text: &[u8]) -> Result<Segment> {
        let wanted = SignalSet::only(self.signal);
        let outcome = self.transcoder.read(text, wanted, Projection::ALL)?;
        let mut builder = SegmentBuilder::new(self.signal);
        let mut repairs = outcome.repairs;
        if let Some(request) = self.transcoder.request(self.signal) {
            repairs.add(&builder.push_verified(&request)?);
        }
        match repairs.first(|_| true) {
            Some(repaired) => Err(Error::new(repaired.to_string(), 0)),
            None => Ok(builder.finish()),
        }
    }

    /// Finds the row that is to blame for `error`, by trying each alone.
    fn blame(&mut self, text: &[u8], rows: &[Pending], error: &Error) -> BadRow {
        let [outer, ..] = lists(self.signal);
        let start = format!("{{\"{outer}\":[");
        for (row, pending) in rows.iter().enumerate() {
            let [resource, scope, data] = [&pending.resource, &pending.scope, &pending.data]
                .map(|range| &text[range.clone()]);
            let alone = [start.as_bytes(), resource, scope, data, END].concat();
            // A row alone is enough to fail, as what is shared is written with it. It takes time, but only once
            // something is wrong.
            match self.segment(&alone) {
                Ok(segment) if segment.len() == 1 => {}
                Ok(segment) => {
                    let reason = format!("{} data points, where a row has one", segment.len());
                    return BadRow { row, reason };
                }
                Err(error) => return BadRow { row, reason: in_row(self.signal, error.reason()) },
            }
        }
        BadRow { row: 0, reason: error.reason().to_owned() }
    }

    /// The first row whose timestamp is not that of its data.
    fn check(&self, segment: &Segment, rows: &[Pending]) -> Option<BadRow> {
        if segment.len() != rows.len() {
            return None;
        }
        rows.iter().enumerate().find_map(|(row, pending)| {
            let given = pending.timestamp?;
            let held = segment.time(row).map(|nanos| nanos / 1000);
            (held != Some(given)).then(|| BadRow {
                row,
                reason: format!("the timestamp is not that of {} in data", times(self.signal)),
            })
        })
    }
}

/// The signal that a row is of, by the keys of its data. What may be of several, as there are so few of them, is a log
/// record if it can be, and else a metric: a span has a name and times.
///
/// # Errors
/// If the data is no JSON object.
pub fn signal_of(data: &str) -> Result<Option<Signal>> {
    let mut signals = SignalSet::ALL;
    members(data.as_bytes(), |name, _| {
        if name != b"schemaUrl" && name != b"scope" {
            let is_left =
                |&signal: &Signal| signals.contains(signal) && knows(signal.element(), name);
            signals =
                Signal::ALL.into_iter().filter(is_left).fold(SignalSet::NONE, SignalSet::with);
        }
        Ok(())
    })?;
    let likeliest = [Signal::Logs, Signal::Metrics, Signal::Traces];
    Ok(likeliest.into_iter().find(|&signal| signals.contains(signal)))
}

/// What is said of a request of one row, of the row.
fn in_row(signal: Signal, reason: &str) -> String {
    let mut rest = reason;
    for list in lists(signal) {
        let inner = rest.strip_prefix(list).and_then(|rest| rest.strip_prefix("[0]."));
        rest = inner.unwrap_or(rest);
    }
    rest.to_owned()
}

/// Closes row list, scope, scope list, resource, resource list and request.
const END: &[u8] = b"]}]}]}";

/// Opens a resource or scope, up to the list `inner`.
fn open(text: &mut Vec<u8>, owner: (&str, &[u8]), url: Option<&[u8]>, inner: &str) {
    text.push(b'{');
    let members = [(owner.0, owner.1), ("schemaUrl", url.unwrap_or_default())];
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.extend_from_slice(format!("\"{name}\":").as_bytes());
        text.extend_from_slice(value);
        text.push(b',');
    }
    text.extend_from_slice(format!("\"{inner}\":[").as_bytes());
}

/// Checks the keys of an object, and finds what stands in it beside the fields of `message`: a schema
/// URL, and for a row of a `signal` its scope.
fn beside(object: &[u8], message: &Message, signal: Option<Signal>) -> Result<Beside> {
    let mut beside = Beside::default();
    let has_schema_url = message.role != Role::Scope;
    members(object, |name, value| {
        let offset = value.start;
        let value = Some(value).filter(|value| &object[value.clone()] != b"null");
        match name {
            b"schemaUrl" if has_schema_url => beside.schema_url = value,
            b"scope" if signal.is_some() => beside.scope = value,
            _ if knows(message, name) => {}
            _ => return Err(foreign_key(name, message, signal, offset)),
        }
        Ok(())
    })?;
    Ok(beside)
}

fn knows(message: &Message, name: &[u8]) -> bool {
    message.fields.iter().any(|field| field.name.as_bytes() == name)
}

fn foreign_key(name: &[u8], message: &Message, signal: Option<Signal>, offset: usize) -> Error {
    let key = String::from_utf8_lossy(name);
    let owner =
        signal.and_then(|_| Signal::ALL.into_iter().find(|&signal| knows(signal.element(), name)));
    Error::new(
        match owner {
            Some(owner) => {
                format!("{} has no key \"{key}\"; {} do", message.name, owner.name())
            }
            None => format!("{} has no key \"{key}\"", message.name),
        },
        offset,
    )
}

fn within(what: &str, error: &Error) -> Error {
    Error::new(format!("{what}: {}", error.reason()), error.offset())
}
