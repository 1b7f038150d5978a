//! Rows back to requests: what [`crate::render`] wrote, read again.
//!
//! A row is a resource and the data beside it, both JSON. Neighbours with the same resource and scope
//! share them in the request that is built. Unlike a request from afar, a row is refused if any of it
//! would be lost: a key that its signal does not know, or a value that cannot be taken as it stands.
//!
//! Neighbours mostly end alike, with the same scope. Then that end is compared, and left out, and the row becomes part of
//! the request without being looked at: whether it is one object, and of known keys, shows when the request is read,
//! by where its elements stand.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::Transcoder;
use super::members::members;
use super::read::Elements;
use crate::error::{Error, Result};
use crate::kept::{Kept, RowForm};
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
    /// How its data begins.
    pub begins: String,
}

/// Characters of a bad row that are shown.
const SHOWN: usize = 80;

impl BadRow {
    fn new(row: usize, reason: impl Into<String>, data: &[u8]) -> BadRow {
        let begins = String::from_utf8_lossy(data).chars().take(SHOWN).collect();
        BadRow { row, reason: reason.into(), begins }
    }
}

/// Collects rows of one signal.
#[derive(Debug)]
pub struct Replay {
    signal: Signal,
    /// What segments are to hold.
    kept: Kept,
    transcoder: Transcoder,
    /// JSON of the request so far, without its end.
    text: Vec<u8>,
    rows: Vec<Pending>,
    resource: Owner,
    scope: Owner,
    /// How rows ended: the last one as the last of these does.
    tails: Vec<Tail>,
}

/// What stands beside a row's own fields: a scope, a schema URL, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tail {
    /// If they are the end of the row, that end with its brace; else their values.
    text: Vec<u8>,
    /// Where the values stand in it.
    scope: Range<usize>,
    schema_url: Range<usize>,
    /// Whether they are, so that rows that end so have the same.
    is_end: bool,
}

/// A row in the text.
#[derive(Debug, Clone)]
struct Pending {
    timestamp: Option<i64>,
    resource: Range<usize>,
    scope: Range<usize>,
    data: Range<usize>,
    /// The tail that was left out at its end, if one was.
    tail: Option<usize>,
    /// Whether its keys were looked at.
    checked: bool,
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

/// Between a scope and a schema URL. JSON text has no NUL, so the two cannot be mistaken for another two.
const SEPARATOR: &[u8] = b"\0";

/// The names of what may stand at the end of a row, as they stand there.
const SCOPE: &[u8] = b",\"scope\":";
const URL: &[u8] = b",\"schemaUrl\":";

impl Tail {
    /// That of a row of which is known what stands beside its fields.
    fn of(data: &[u8], beside: &Beside) -> Tail {
        let value = |at: &Option<Range<usize>>| at.clone().unwrap_or_default();
        let (scope, schema_url) = (value(&beside.scope), value(&beside.schema_url));
        if scope.is_empty() && schema_url.is_empty() {
            return Tail::default();
        }
        let Some(start) = start_of_end(data, beside) else {
            let text = [&data[scope.clone()], &data[schema_url.clone()]].concat();
            let (scope, schema_url) = (0..scope.len(), scope.len()..text.len());
            return Tail { text, scope, schema_url, is_end: false };
        };
        let moved = |at: Range<usize>| at.start.saturating_sub(start)..at.end.saturating_sub(start);
        let (scope, schema_url) = (moved(scope), moved(schema_url));
        Tail { text: data[start..].to_vec(), scope, schema_url, is_end: true }
    }

    /// The own fields of a row that has this tail, up to its end or to its brace. `None` if it may have another.
    fn own_fields<'a>(&self, data: &'a [u8]) -> Option<&'a [u8]> {
        let own = match (self.is_end, &self.text[..]) {
            // A brace that is alone would be closed, and the comma behind it forgotten.
            (true, text) => data.strip_suffix(text).filter(|own| own.len() > 1)?,
            (false, b"") => data,
            (false, _) => return None,
        };
        let is_other = |at| {
            let name = &own[at..];
            name.starts_with(br#""scope""#) || name.starts_with(br#""schemaUrl""#)
        };
        (!LIKE_BESIDE.find_iter(own).any(is_other)).then_some(own)
    }
}

/// What the names of both begin with.
static LIKE_BESIDE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""sc"#));

/// Where the end of a row begins that is nothing but what stands beside its fields, as rows are written.
fn start_of_end(data: &[u8], beside: &Beside) -> Option<usize> {
    let named = |value: &Option<Range<usize>>, name: &[u8]| match value {
        Some(value) => {
            data[..value.start].ends_with(name).then(|| Some(value.start - name.len()..value.end))
        }
        None => Some(None),
    };
    let members = [named(&beside.scope, SCOPE)?, named(&beside.schema_url, URL)?];
    let mut members = members.into_iter().flatten();
    let first = members.next()?;
    let end = members.try_fold(first.end, |end, next| (next.start == end).then_some(next.end))?;
    (&data[end..] == b"}").then_some(first.start)
}

impl Replay {
    /// No rows of this signal, yet.
    pub fn new(signal: Signal) -> Replay {
        Replay {
            signal,
            kept: Kept::ALL,
            transcoder: Transcoder::new().noting_elements(),
            text: Vec::new(),
            rows: Vec::new(),
            resource: Owner::default(),
            scope: Owner::default(),
            tails: Vec::new(),
        }
    }

    /// The same, of which segments are only rendered: text that is canonical stays text.
    pub fn to_render(signal: Signal) -> Replay {
        Replay { kept: Kept { rows: RowForm::Text, ..Kept::ALL }, ..Replay::new(signal) }
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
            self.clear();
            BadRow::new(at, error.to_string(), row.data.as_bytes())
        })
    }

    fn clear(&mut self) {
        self.text.clear();
        self.rows.clear();
        self.tails.clear();
    }

    fn try_push(&mut self, row: Row<'_>) -> Result<()> {
        let data = row.data.as_bytes();
        let known = self.tails.last().and_then(|tail| tail.own_fields(data));
        let (own, checked) = match known {
            Some(own) => (own, false),
            None => (self.own_fields(data)?, true),
        };
        self.enter_resource(row.resource)?;
        self.enter_scope()?;
        if self.text.last() != Some(&b'[') {
            self.text.push(b',');
        }
        let start = self.text.len();
        self.text.extend_from_slice(own);
        if own.len() < data.len() {
            self.text.push(b'}');
        }
        self.rows.push(Pending {
            timestamp: row.timestamp,
            resource: self.resource.text.clone(),
            scope: self.scope.text.clone(),
            data: start..self.text.len(),
            tail: (own.len() < data.len()).then(|| self.tails.len() - 1),
            checked,
        });
        Ok(())
    }

    /// The own fields of a row that is looked at. Its tail is the last then.
    fn own_fields<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8]> {
        let tail = Tail::of(data, &beside(data, self.signal.element(), Some(self.signal))?);
        let cut = if tail.is_end { tail.text.len() } else { 0 };
        if self.tails.last() != Some(&tail) {
            self.tails.push(tail);
        }
        Ok(&data[..data.len() - cut])
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

    /// Enters the scope of the last tail.
    fn enter_scope(&mut self) -> Result<()> {
        let Some(tail) = self.tails.last() else { return Ok(()) };
        let (scope, url) = (&tail.text[tail.scope.clone()], &tail.text[tail.schema_url.clone()]);
        let key = &mut self.scope.key;
        let is_same =
            key.strip_prefix(scope).and_then(|rest| rest.strip_prefix(SEPARATOR)) == Some(url);
        if !self.scope.text.is_empty() && is_same {
            return Ok(());
        }
        if !scope.is_empty() {
            beside(scope, &INSTRUMENTATION_SCOPE, None).map_err(|e| within("scope", &e))?;
        }
        if !self.scope.text.is_empty() {
            self.text.extend_from_slice(b"]},");
        }
        let [_, _, inner] = lists(self.signal);
        let start = self.text.len();
        open(&mut self.text, ("scope", scope), (!url.is_empty()).then_some(url), inner);
        let key = [scope, SEPARATOR, url].concat();
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
        let taken = taken.and_then(|segment| match self.check(&segment, &text, &rows) {
            Some(bad) => Err(bad),
            None if segment.len() == rows.len() && self.are_elements(&rows) => Ok(Some(segment)),
            None => Err(self.blame(&text, &rows, &Error::new("not one row", 0))),
        });
        (self.text, self.rows) = (text, rows);
        self.clear();
        taken
    }

    /// Whether the elements that were read last are these rows, and have no keys that are not known.
    fn are_elements(&self, rows: &[Pending]) -> bool {
        let Some(Elements { read, foreign }) = &self.transcoder.elements else { return false };
        let row_at = |at: usize| rows.partition_point(|row| row.data.end <= at);
        // Of a row that was looked at these are its scope and its schema URL, where they do not stand at its end.
        let is_checked = |&at: &usize| rows.get(row_at(at)).is_some_and(|row| row.checked);
        read.iter().eq(rows.iter().map(|row| &row.data)) && foreign.iter().all(is_checked)
    }

    /// The segment of a request that no repair was made in.
    fn segment(&mut self, text: &[u8]) -> Result<Segment> {
        let wanted = SignalSet::only(self.signal);
        let outcome = self.transcoder.read(text, wanted, self.kept)?;
        let mut builder = SegmentBuilder::keeping(self.signal, self.kept);
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
            let whole = self.whole(text, pending);
            if let Err(error) = beside(&whole, self.signal.element(), Some(self.signal)) {
                return BadRow::new(row, error.to_string(), &whole);
            }
            let [resource, scope, data] = [&pending.resource, &pending.scope, &pending.data]
                .map(|range| &text[range.clone()]);
            let alone = [start.as_bytes(), resource, scope, data, END].concat();
            // A row alone is enough to fail, as what is shared is written with it. It takes time, but only once
            // something is wrong.
            match self.segment(&alone) {
                Ok(segment) if segment.len() == 1 => {}
                Ok(segment) => {
                    let reason = format!("{} data points, where a row has one", segment.len());
                    return BadRow::new(row, reason, &whole);
                }
                Err(error) => {
                    return BadRow::new(row, in_row(self.signal, error.reason()), &whole);
                }
            }
        }
        BadRow::new(0, error.reason(), b"")
    }

    /// The data of a row, as it was.
    fn whole(&self, text: &[u8], row: &Pending) -> Vec<u8> {
        let own = &text[row.data.clone()];
        match row.tail {
            None => own.to_vec(),
            Some(tail) => [&own[..own.len() - 1], &self.tails[tail].text].concat(),
        }
    }

    /// The first row whose timestamp is not that of its data.
    fn check(&self, segment: &Segment, text: &[u8], rows: &[Pending]) -> Option<BadRow> {
        if segment.len() != rows.len() {
            return None;
        }
        rows.iter().enumerate().find_map(|(row, pending)| {
            let given = pending.timestamp?;
            let held = segment.time(row).map(|nanos| nanos / 1000);
            (held != Some(given)).then(|| {
                let reason = format!("the timestamp is not that of {} in data", times(self.signal));
                BadRow::new(row, reason, &self.whole(text, pending))
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
    let mut only = None;
    let read = members(data.as_bytes(), |name, value| {
        if name != b"schemaUrl" && name != b"scope" {
            let is_left =
                |&signal: &Signal| signals.contains(signal) && knows(signal.element(), name);
            signals =
                Signal::ALL.into_iter().filter(is_left).fold(SignalSet::NONE, SignalSet::with);
        }
        // Whether the rest of it is one of that signal is found out when it is read as such.
        only = Signal::ALL.into_iter().find(|&signal| signals == SignalSet::only(signal));
        match only {
            Some(_) => Err(Error::new("it is known", value.start)),
            None => Ok(()),
        }
    });
    if only.is_some() {
        return Ok(only);
    }
    read?;
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
