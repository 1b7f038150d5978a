//! Tells which signal a protobuf record is of: the messages share their field numbers, so it shows
//! only at the span, log record or metric.

use crate::schema::role::{CONTENT, GROUPS, POINT_TIME, POINTS, SCOPES, tag};
use crate::schema::{
    ANY_VALUE, KEY_VALUE, Kind, LOG_RECORD, METRIC, Message, Role, SPAN, WireType,
};
use crate::signal::Signal;
use crate::verify::verify;
use crate::wire::{CheckingReader, Value};

#[cfg(test)]
mod tests;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detection {
    /// A request of this signal.
    Signal(Signal),
    /// There is no row.
    Empty,
    /// There are rows, but no field in them to tell by.
    Undecided,
    /// No request of a known signal: what it looks like, for people.
    Foreign(&'static str),
}

/// Leaves that are looked at.
const LEAVES: usize = 8;

const LEN: u8 = WireType::Len as u8;

const PROFILES: &str = "OTLP profiles, which DuckSpan does not read yet";

/// Tells the signal of a record; the `expected` one, if half as much speaks for it as for another, be that
/// nothing: whoever names a signal knows more than bytes tell. That the record is well formed throughout is for the caller to check.
pub fn detect(record: &[u8], expected: Option<Signal>) -> Detection {
    if let Some(what) = foreign(record) {
        return Detection::Foreign(what);
    }
    let mut votes = Votes::default();
    if each_leaf(record, &mut |leaf| votes.add(leaf)) {
        votes.winner(expected)
    } else {
        Detection::Foreign("bytes that are no OTLP protobuf")
    }
}

/// Whether the first row of a request speaks for `signal` so clearly that no other need be considered.
pub fn is_plainly(signal: Signal, request: &[u8]) -> bool {
    const PLAIN: u32 = 4;
    let mut plain = false;
    let first = &mut |leaf: &[u8]| {
        // Evidence first: it is a fraction of a check, and mostly right.
        plain = evidence(signal, leaf) >= PLAIN && verify(signal.element(), leaf).is_ok();
        false
    };
    each_leaf(request, first);
    plain
}

/// Calls `visit` with the spans, metrics or log records of a request, as [`each`] does.
fn each_leaf(request: &[u8], visit: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    each(request, &[GROUPS], &mut |group| {
        each(group, SCOPES, &mut |scope| each(scope, &[CONTENT], &mut *visit))
    })
}

/// Names what is well-formed protobuf but no request, by the top of the message.
fn foreign(record: &[u8]) -> Option<&'static str> {
    let mut reader = CheckingReader::new(record);
    while let Ok((number, wire_type)) = reader.tag() {
        match (number, wire_type) {
            // Each of these has a field at the top that a request cannot have: its only one is a message.
            (1, 0) => {
                return Some("OTAP, OpenTelemetry Arrow batches, which DuckSpan does not read");
            }
            (2, 2) => return Some(PROFILES),
            _ if reader.skip(number, wire_type).is_err() => return None,
            _ => {}
        }
    }
    None
}

/// Calls `visit` with the messages in the fields `wanted`, while it says `true`. `false` if a fault or the
/// visitor stopped it.
fn each(message: &[u8], wanted: &[u32], visit: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let mut reader = CheckingReader::new(message);
    while !reader.is_empty() {
        let Ok((number, wire_type)) = reader.tag() else { return false };
        match reader.value(number, wire_type) {
            Ok(Value::Len(bytes, _)) if wanted.contains(&number) => {
                if !visit(bytes) {
                    return false;
                }
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    true
}

/// What speaks for each signal, over the first leaves.
#[derive(Default)]
struct Votes {
    leaves: usize,
    /// Whether there are leaves without any field.
    blank: bool,
    /// Leaves that are profiles.
    profiles: usize,
    /// Leaves that are malformed as leaves of the signal.
    against: [usize; Signal::ALL.len()],
    evidence: [u32; Signal::ALL.len()],
}

impl Votes {
    fn add(&mut self, leaf: &[u8]) -> bool {
        self.blank |= leaf.is_empty();
        // It goes on without a look, as a fault further on still tells that these bytes are no OTLP.
        if self.leaves == LEAVES || leaf.is_empty() {
            return true;
        }
        self.leaves += 1;
        self.profiles += usize::from(is_profile(leaf));
        for signal in Signal::ALL {
            self.evidence[signal as usize] += evidence(signal, leaf);
            self.against[signal as usize] += usize::from(verify(signal.element(), leaf).is_err());
        }
        true
    }

    fn winner(&self, expected: Option<Signal>) -> Detection {
        match (self.leaves, self.blank) {
            (0, false) => return Detection::Empty,
            (0, true) => return Detection::Undecided,
            (leaves, _) if leaves == self.profiles => return Detection::Foreign(PROFILES),
            _ => {}
        }
        let possible = Signal::ALL.into_iter().filter(|&signal| self.evidence[signal as usize] > 0);
        let best = possible.max_by_key(|&signal| {
            // To be malformed as a leaf of a signal is stronger than any field: it need not be so for the others.
            let fitting = self.leaves - self.against[signal as usize];
            (fitting, self.evidence[signal as usize], Some(signal) == expected)
        });
        let most = best.map_or(0, |signal| self.evidence[signal as usize]);
        let fits = |&signal: &Signal| {
            let index = signal as usize;
            // Who says what to expect is believed unless a leaf contradicts it, or the bytes speak twice as clearly
            // for something else.
            self.against[index] == 0 && 2 * self.evidence[index] >= most
        };
        match expected.filter(fits).or(best) {
            Some(signal) => Detection::Signal(signal),
            None => Detection::Foreign("protobuf of no known signal"),
        }
    }
}

/// Whether a leaf has its time where only a profile has it: there the other signals have text.
fn is_profile(leaf: &[u8]) -> bool {
    let mut reader = CheckingReader::new(leaf);
    while let Ok((number, wire_type)) = reader.tag() {
        match reader.value(number, wire_type) {
            Ok(Value::Fixed64(_)) if number == 3 => return true,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    false
}

/// How strongly the fields of a leaf speak for a signal it may be of.
///
/// What counts is that a field of that number and wire type can hardly be something else. A time of eight bytes where
/// the other signals have text or messages is certain, and weighs 4; an id that is no text, 3. Text, small integers and
/// what only has the right length occur by chance in leaves of other signals, and weigh 1 or 2: so no two accidents
/// outweigh a time. A metric has no time of its own; that of its points, two messages further in, makes up for it.
fn evidence(signal: Signal, leaf: &[u8]) -> u32 {
    let mut reader = CheckingReader::new(leaf);
    let mut sum = 0;
    while let Ok((number, wire_type)) = reader.tag() {
        let Ok(value) = reader.value(number, wire_type) else { break };
        sum += match signal {
            Signal::Traces => span_evidence(number, value),
            Signal::Metrics => metric_evidence(number, value),
            Signal::Logs => log_evidence(number, value),
        };
    }
    sum
}

fn span_evidence(number: u32, value: Value<'_>) -> u32 {
    const TRACE_ID: u32 = SPAN.number("traceId") as u32;
    const SPAN_ID: u32 = SPAN.number("spanId") as u32;
    const PARENT_SPAN_ID: u32 = SPAN.number("parentSpanId") as u32;
    const NAME: u32 = SPAN.number("name") as u32;
    const KIND: u32 = SPAN.number("kind") as u32;
    const START: u32 = SPAN.number("startTimeUnixNano") as u32;
    const END: u32 = SPAN.number("endTimeUnixNano") as u32;
    match (number, value) {
        (TRACE_ID, Value::Len(id, _)) if id.len() == 16 => id_evidence(id),
        (SPAN_ID | PARENT_SPAN_ID, Value::Len(id, _)) if id.len() == 8 => id_evidence(id),
        (NAME, Value::Len(name, _)) if is_text(name) => 2,
        (START | END, Value::Fixed64(_)) => 4,
        (KIND, Value::Varint(_)) => 1,
        _ => 0,
    }
}

/// The name of a metric may be as long as an id.
fn id_evidence(id: &[u8]) -> u32 {
    if is_text(id) { 1 } else { 3 }
}

fn log_evidence(number: u32, value: Value<'_>) -> u32 {
    const TIME: u32 = LOG_RECORD.times[0] as u32;
    const OBSERVED: u32 = LOG_RECORD.times[1] as u32;
    const SEVERITY: u32 = LOG_RECORD.number("severityNumber") as u32;
    const BODY: u32 = LOG_RECORD.number("body") as u32;
    const TRACE_ID: u32 = LOG_RECORD.number("traceId") as u32;
    match (number, value) {
        (TIME | OBSERVED, Value::Fixed64(_)) => 4,
        (SEVERITY, Value::Varint(_)) => 2,
        (BODY, Value::Len(body, _)) => body_evidence(body),
        (TRACE_ID, Value::Len(id, _)) if id.len() == 16 && !is_attribute(id) => 1,
        _ => 0,
    }
}

/// Spans have attributes where log records have their trace, and they may be as long.
fn is_attribute(bytes: &[u8]) -> bool {
    bytes.first() == Some(&tag::KEY) && verify(&KEY_VALUE, bytes).is_ok()
}

fn metric_evidence(number: u32, value: Value<'_>) -> u32 {
    const NAME: u32 = METRIC.number("name") as u32;
    match (number, value) {
        (NAME, Value::Len(name, _)) if is_text(name) => 2,
        (number, Value::Len(data, _)) => match METRIC.kind_of(number, LEN) {
            Some((Kind::Message(message), _)) if message.role != Role::KeyValue => {
                data_evidence(message, data)
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// Data points carry their time in one field, whatever their kind.
fn data_evidence(message: &'static Message, data: &[u8]) -> u32 {
    // Text may be well-formed protobuf of unknown fields, so the first one has to be known.
    if verify(message, data).is_err() || !begins_with_known_field(message, data) {
        return 0;
    }
    let mut timed = 0;
    each(data, &[POINTS], &mut |point| {
        let mut reader = CheckingReader::new(point);
        while let Ok((number, wire_type)) = reader.tag() {
            match reader.value(number, wire_type) {
                Ok(Value::Fixed64(_)) if number == POINT_TIME => timed = 6,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        timed == 0
    });
    2 + timed
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && str::from_utf8(bytes).is_ok_and(|text| !text.contains(|c: char| c.is_control()))
}

/// Whether a message is empty, or its first field is one that it may have.
fn begins_with_known_field(message: &'static Message, bytes: &[u8]) -> bool {
    let first = CheckingReader::new(bytes).tag();
    bytes.is_empty()
        || first.is_ok_and(|(number, wire_type)| message.kind_of(number, wire_type).is_some())
}

/// How strongly the body of a leaf speaks for a log record. The points of a gauge stand where a body has its
/// text, and their lengths are control characters.
fn body_evidence(body: &[u8]) -> u32 {
    if !is_value(body) {
        return 0;
    }
    let mut reader = CheckingReader::new(body);
    let value = reader.tag().and_then(|(number, wire_type)| reader.value(number, wire_type));
    match value {
        Ok(Value::Len(text, _)) if body[0] == tag::STRING && !is_message(text) => 1,
        _ => 5,
    }
}

/// Whether bytes are text as people log it, over several lines perhaps, and in colours.
fn is_message(bytes: &[u8]) -> bool {
    let is_strange = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x1b');
    str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_strange))
}

/// Whether the bytes are one known field of an `AnyValue` and nothing else.
fn is_value(bytes: &[u8]) -> bool {
    let mut reader = CheckingReader::new(bytes);
    let known = reader.tag().is_ok_and(|(number, wire_type)| {
        let field = ANY_VALUE.field(number);
        field.is_some_and(|field| field.wire_type() as u8 == wire_type)
            && reader.skip(number, wire_type).is_ok()
    });
    known && reader.is_empty() && verify(&ANY_VALUE, bytes).is_ok()
}
