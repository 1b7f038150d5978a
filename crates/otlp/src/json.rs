//! OTLP/JSON to protobuf: one pass over the text, driven by the tables of [`crate::schema`].

use std::fmt;

use crate::error::{Error, Result};
pub use crate::kept::Projection;
use crate::kept::{Kept, RowForm};
use crate::repair::{Repair, Repairs};
use crate::schema::{Kind, Role, role};
use crate::signal::{Signal, SignalSet};
use crate::utf8::is_long_utf8;
use crate::verify::{Form, Verified};

mod attribute;
mod id;
mod members;
mod noted;
mod number;
mod plan;
mod read;
pub mod replay;
mod row;
mod scalar;
mod scan;
mod skip;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use id::rendered_id;
use noted::Noted;
use plan::{Habit, PLANS, Slot, root};
use read::{Elements, Nest, Order, Reader};
use row::Patterns;
use scan::{Fault, Step};
pub(crate) use skip::value_end;

/// Reads OTLP/JSON records into protobuf, reusing its buffers from record to record.
#[derive(Debug)]
pub struct Transcoder {
    requests: [Request; Signal::ALL.len()],
    habits: Vec<Habit>,
    patterns: Vec<Patterns>,
    scratch: Vec<u8>,
    reads_all: bool,
    /// Those of the last record, if somebody wants to know.
    elements: Option<Elements>,
}

/// The protobuf of one signal.
#[derive(Debug, Default)]
struct Request {
    bytes: Vec<u8>,
    /// Bytes before it that are not its own.
    start: usize,
    present: bool,
    loose: bool,
}

/// What stood in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The signals whose top-level key stood in the record, wanted or not.
    pub found: SignalSet,
    /// Why the record holds no such key; `None` if it does, or holds nothing at all.
    pub foreign: Option<Foreign>,
    /// What was repaired in the signals that were wanted.
    pub repairs: Repairs,
}

/// What a well-formed JSON record is that holds no key of OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// An object with this top-level key, in snake_case: `resource_spans` and its kin.
    SnakeCase(&'static str),
    /// An object of the profiles signal.
    Profiles,
    /// Another object; its first key, cut to a readable length.
    Object(String),
    /// Not an object: `an array`, `a string`, …
    NotAnObject(&'static str),
}

impl Projection {
    /// One bit for each field of a message of that part that is kept.
    fn of(self, role: Role) -> u32 {
        match role {
            Role::ResourceGroup if !self.resource => 1 << role::CONTENT,
            Role::ScopeGroup if !self.scope => 1 << role::CONTENT,
            Role::Metric => self.metric | role::METRIC_DATA,
            row if row.is_row() => self.row,
            _ => u32::MAX,
        }
    }
}

impl Default for Transcoder {
    fn default() -> Transcoder {
        Transcoder::new()
    }
}

impl Transcoder {
    /// A transcoder with empty buffers.
    pub fn new() -> Transcoder {
        Transcoder {
            requests: Default::default(),
            habits: vec![Habit::new(); PLANS.len()],
            patterns: PLANS.iter().map(|_| Patterns::new()).collect(),
            scratch: Vec::new(),
            reads_all: false,
            elements: None,
        }
    }

    /// Takes note of where elements stand.
    fn noting_elements(self) -> Transcoder {
        Transcoder { elements: Some(Elements::default()), ..self }
    }

    /// Whether fields that a projection leaves out are read nevertheless, so that repairs in them are told.
    pub fn read_all(&mut self, all: bool) {
        self.reads_all = all;
    }

    /// Reads a record: JSON objects back to back, most often one. Rows of which no messages are needed keep their text
    /// where it is canonical, or their time alone.
    ///
    /// # Errors
    /// If the record is malformed: not JSON to the last byte, or nested too deep.
    pub fn read(
        &mut self,
        record: &[u8],
        wanted: SignalSet,
        needed: impl Into<Kept>,
    ) -> Result<Outcome> {
        let mut repairs = Repairs::default();
        let (found, foreign) = self.read_counting(record, wanted, needed.into(), &mut repairs)?;
        Ok(Outcome { found, foreign, repairs })
    }

    /// As [`Transcoder::read`], but adds to `repairs`: what is in them already need not be found out again.
    fn read_counting(
        &mut self,
        record: &[u8],
        wanted: SignalSet,
        needed: Kept,
        repairs: &mut Repairs,
    ) -> Result<(SignalSet, Option<Foreign>)> {
        if is_long_utf8(record) {
            let (found, foreign, noted) = self.read_utf8(record, wanted, needed)?;
            noted.settle(record, repairs);
            return Ok((found, foreign));
        }
        // Bad text is rare enough to be copied, so that all reading can rely on UTF-8; places are counted back for
        // errors.
        let text = String::from_utf8_lossy(record);
        let in_record = |error: Error| {
            let offset = original_offset(error.offset(), record);
            error.at(offset)
        };
        let read = self.read_utf8(text.as_bytes(), wanted, needed);
        let (found, foreign, mut noted) = read.map_err(in_record)?;
        let mut at = 0;
        for chunk in record.utf8_chunks() {
            at += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                noted.note(Repair::InvalidUtf8, None, at);
                at += char::REPLACEMENT_CHARACTER.len_utf8();
            }
        }
        let first = repairs.examples().len();
        noted.settle(text.as_bytes(), repairs);
        repairs.place(first, 0, |offset| original_offset(offset as usize, record) as u64);
        Ok((found, foreign))
    }

    /// As [`Transcoder::read`], but adds to `repairs`; and what a record of `signal` alone becomes is appended to
    /// `out`, if it is canonical, instead of being kept as a [`request`](Transcoder::request). Says why the
    /// record is foreign, if it is.
    ///
    /// # Errors
    /// As [`Transcoder::read`].
    pub(crate) fn read_onto(
        &mut self,
        record: &[u8],
        wanted: SignalSet,
        needed: Kept,
        signal: Signal,
        out: &mut Vec<u8>,
        repairs: &mut Repairs,
    ) -> Result<Option<Foreign>> {
        let start = out.len();
        self.lend(signal, out, start);
        let outcome = self.read_counting(record, wanted, needed, repairs);
        self.lend(signal, out, 0);
        // What is of several signals becomes several requests, of which only one could stand there.
        let is_alone = self.requests.iter().filter(|request| request.present).count() == 1;
        let request = &mut self.requests[signal as usize];
        if request.present && !request.loose && is_alone {
            request.present = false;
        } else {
            request.bytes.clear();
            // It is of another signal than was foreseen, of several, or to be rewritten: then it takes the usual way.
            request.bytes.extend_from_slice(&out[start..]);
            out.truncate(start);
        }
        outcome.map(|(_, foreign)| foreign)
    }

    /// Exchanges the buffer of a request, which begins behind the first `start` bytes of the new one.
    fn lend(&mut self, signal: Signal, buffer: &mut Vec<u8>, start: usize) {
        let request = &mut self.requests[signal as usize];
        // No copy either way: the transcoder writes to the caller's buffer, behind what is there.
        std::mem::swap(buffer, &mut request.bytes);
        request.start = start;
    }

    /// The protobuf that the last record had for a signal; `None` if its key was absent or unwanted, or
    /// the record malformed.
    pub fn request(&self, signal: Signal) -> Option<Verified<'_>> {
        let request = &self.requests[signal as usize];
        let form = if request.loose { Form::Loose } else { Form::Canonical };
        request.present.then(|| Verified::written(signal.data(), &request.bytes, form))
    }

    fn read_utf8(
        &mut self,
        record: &[u8],
        wanted: SignalSet,
        needed: Kept,
    ) -> Result<(SignalSet, Option<Foreign>, Noted)> {
        let (projection, rows) = (needed.parts, needed.least());
        let outcome = self.read_documents(record, wanted, projection, rows, true)?;
        if rows != RowForm::Messages && self.requests.iter().any(|request| request.loose) {
            // What is to be rewritten has to be protobuf.
            return self.read_documents(record, wanted, projection, RowForm::Messages, false);
        }
        Ok(outcome)
    }

    fn read_documents(
        &mut self,
        record: &[u8],
        wanted: SignalSet,
        projection: Projection,
        rows: RowForm,
        knows_rows: bool,
    ) -> Result<(SignalSet, Option<Foreign>, Noted)> {
        for request in &mut self.requests {
            request.bytes.truncate(request.start);
            (request.present, request.loose) = (false, false);
        }
        let Transcoder { habits, patterns, scratch, reads_all, elements, .. } = self;
        let mut reader = Reader::new(record, projection, habits, patterns, scratch);
        if let Some(elements) = elements {
            elements.read.clear();
            elements.foreign.clear();
            reader.elements = Some(elements);
        }
        (reader.rows, reader.knows_rows, reader.reads_all) = (rows, knows_rows, *reads_all);
        let mut documents = Documents {
            reader,
            requests: &mut self.requests,
            wanted,
            found: SignalSet::NONE,
            foreign: None,
        };
        let read = documents.read();
        let Documents { reader, found, foreign, .. } = documents;
        match read {
            Ok(()) => {
                let foreign = foreign.filter(|_| found.is_empty());
                Ok((found, foreign, reader.noted))
            }
            Err(fault) => {
                let error = error(fault, reader.cursor.at, record.len());
                self.requests.iter_mut().for_each(|request| request.present = false);
                Err(error)
            }
        }
    }
}

fn error(fault: Fault, at: usize, len: usize) -> Error {
    if at >= len {
        return Error::truncated("record ends inside a JSON value", len);
    }
    Error::new(fault.reason(), at)
}

/// The place in a record of one in the text that has U+FFFD where `record` has invalid UTF-8.
fn original_offset(offset: usize, record: &[u8]) -> usize {
    let (mut original, mut replaced) = (0, 0);
    for chunk in record.utf8_chunks() {
        let valid = chunk.valid().len();
        if offset <= replaced + valid || chunk.invalid().is_empty() {
            break;
        }
        original += valid + chunk.invalid().len();
        replaced += valid + char::REPLACEMENT_CHARACTER.len_utf8();
    }
    original + offset.saturating_sub(replaced)
}

/// The top level of a record.
struct Documents<'a, 'r> {
    reader: Reader<'a>,
    requests: &'r mut [Request; Signal::ALL.len()],
    wanted: SignalSet,
    found: SignalSet,
    foreign: Option<Foreign>,
}

impl<'a> Documents<'a, '_> {
    fn read(&mut self) -> Step {
        loop {
            // A file that was put together from several has the mark before each of them.
            while self.reader.cursor.token() == 0xef && self.reader.cursor.eat(b"\xef\xbb\xbf") {}
            match self.reader.cursor.peek() {
                0 if self.reader.cursor.is_empty() => return Ok(()),
                b'{' => self.document(0)?,
                token => {
                    self.reader.cursor.skip(0)?;
                    self.foreign.get_or_insert(Foreign::NotAnObject(type_name(token)));
                }
            }
        }
    }

    /// Reads an object inside of `depth` others.
    fn document(&mut self, depth: usize) -> Step {
        let start = self.reader.cursor.at;
        if self.reader.cursor.opens_empty(b'}') {
            return Ok(());
        }
        let nest = Nest { json: depth + 1, lists: 0 };
        loop {
            match Key::of(self.reader.name()?) {
                Key::Groups(signal) => self.request(signal, nest, Reader::field)?,
                Key::Group(signal) => {
                    // The whole object is a group; what was stepped over is part of it.
                    self.reader.cursor.at = start;
                    return self.request(signal, nest, Reader::nested);
                }
                // Once only: what an answer holds is a request, not another answer.
                Key::Answer if depth == 0 && self.reader.cursor.token() == b'{' => {
                    self.document(depth + 1)?;
                }
                Key::Answer => self.foreign_member(Foreign::Object("result".to_owned()), nest)?,
                Key::Foreign(foreign) => self.foreign_member(foreign, nest)?,
            }
            if !self.reader.cursor.another_member()? {
                return Ok(());
            }
        }
    }

    fn foreign_member(&mut self, foreign: Foreign, nest: Nest) -> Step {
        // What says most is told: a name in snake_case more than one that nobody knows.
        let better = self.foreign.take().filter(|known| known.rank() <= foreign.rank());
        self.foreign = Some(better.unwrap_or(foreign));
        self.reader.cursor.skip(nest.json).map(drop)
    }

    /// Reads groups of a signal, one or an array of them, if the signal is wanted.
    fn request(&mut self, signal: Signal, nest: Nest, read: ReadField<'a>) -> Step {
        self.found = self.found.with(signal);
        if !self.wanted.contains(signal) {
            return self.reader.cursor.skip(nest.json).map(drop);
        }
        let request = &mut self.requests[signal as usize];
        request.present = true;
        std::mem::swap(&mut self.reader.out, &mut request.bytes);
        let slot = &self.reader.plans[root(signal)].slots[0];
        let read = read(&mut self.reader, slot, &mut Order::new(), nest);
        std::mem::swap(&mut self.reader.out, &mut request.bytes);
        // A record may have the same list twice, so what was found of the first stays.
        request.loose |= std::mem::take(&mut self.reader.loose);
        read
    }
}

/// How a field is read: all of it, or one of its messages.
type ReadField<'a> = fn(&mut Reader<'a>, &'static Slot, &mut Order, Nest) -> Step;

/// What a key of an object says that is no message of OTLP, as far as is known.
enum Key {
    /// Here are groups: `resourceSpans` and its kin; and `batches`, as Tempo answers with.
    Groups(Signal),
    /// The object itself is a group, as `ResourceSpans` and its kin stand in logs.
    Group(Signal),
    /// What a server was asked for is in this object: Jaeger's is called `result`, Tempo's `trace`.
    Answer,
    /// Nothing of OTLP.
    Foreign(Foreign),
}

impl Key {
    fn of(name: &[u8]) -> Key {
        for signal in Signal::ALL {
            let groups = signal.groups();
            if groups.name.as_bytes() == name {
                return Key::Groups(signal);
            }
            if let Kind::Message(group) = groups.kind
                && group.scopes().any(|scopes| scopes.as_bytes() == name)
            {
                return Key::Group(signal);
            }
        }
        match name {
            b"batches" => Key::Groups(Signal::Traces),
            b"result" | b"trace" => Key::Answer,
            _ => Key::Foreign(Foreign::of(name)),
        }
    }
}

fn type_name(token: u8) -> &'static str {
    match token {
        b'[' => "an array",
        b'"' => "a string",
        b't' | b'f' => "a bool",
        b'n' => "null",
        _ => "a number",
    }
}

impl Foreign {
    fn of(name: &[u8]) -> Foreign {
        match name {
            b"resource_spans" => Foreign::SnakeCase("resource_spans"),
            b"resource_metrics" => Foreign::SnakeCase("resource_metrics"),
            b"resource_logs" => Foreign::SnakeCase("resource_logs"),
            b"resourceProfiles" | b"resource_profiles" => Foreign::Profiles,
            _ => {
                let shown: String = String::from_utf8_lossy(name).chars().take(64).collect();
                Foreign::Object(shown)
            }
        }
    }

    /// The smaller, the more it says about the record.
    fn rank(&self) -> usize {
        match self {
            Foreign::SnakeCase(_) => 0,
            Foreign::Profiles => 1,
            Foreign::Object(_) => 2,
            Foreign::NotAnObject(_) => 3,
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EXPECTED: &str =
            "expected an object with \"resourceSpans\", \"resourceMetrics\" or \"resourceLogs\"";
        match self {
            Foreign::SnakeCase(key) => {
                write!(f, "found the key \"{key}\" in snake_case, {EXPECTED}")
            }
            Foreign::Profiles => write!(f, "found the profiles signal, {EXPECTED}"),
            Foreign::Object(key) => write!(f, "found an object with the key \"{key}\", {EXPECTED}"),
            Foreign::NotAnObject(what) => write!(f, "found {what}, {EXPECTED}"),
        }
    }
}
