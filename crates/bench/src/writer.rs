//! OTLP messages, written field by field as protobuf or as JSON.
//!
//! Callers write the fields of a message in the order in which the OpenTelemetry Collector does,
//! which is not always that of their numbers.

mod json;
mod protobuf;

pub use json::Json;
pub use protobuf::{Layout, Protobuf};

/// Writes the fields of a message: number, JSON name and value.
///
/// Scalars at their default are the caller's to leave out.
pub trait Writer {
    /// Text.
    fn string(&mut self, number: u32, name: &str, value: &str);
    /// Bytes, base64 in JSON.
    fn bytes(&mut self, number: u32, name: &str, value: &[u8]);
    /// A trace or span id, hex in JSON; empty for none.
    fn id(&mut self, number: u32, name: &str, value: &[u8]);
    /// True or false.
    fn bool(&mut self, number: u32, name: &str, value: bool);
    /// A varint that is a number in JSON: `uint32` or an enum.
    fn uint32(&mut self, number: u32, name: &str, value: u32);
    /// A zigzag varint, a number in JSON.
    fn sint32(&mut self, number: u32, name: &str, value: i32);
    /// A varint, text in JSON.
    fn int64(&mut self, number: u32, name: &str, value: i64);
    /// Four bytes, a number in JSON.
    fn fixed32(&mut self, number: u32, name: &str, value: u32);
    /// Eight bytes, text in JSON.
    fn fixed64(&mut self, number: u32, name: &str, value: u64);
    /// Eight bytes, signed, text in JSON.
    fn sfixed64(&mut self, number: u32, name: &str, value: i64);
    /// A double.
    fn double(&mut self, number: u32, name: &str, value: f64);
    /// Packed varints, a list of texts in JSON.
    fn uint64s(&mut self, number: u32, name: &str, values: &[u64]);
    /// Packed numbers of eight bytes, a list of texts in JSON.
    fn fixed64s(&mut self, number: u32, name: &str, values: &[u64]);
    /// Packed doubles.
    fn doubles(&mut self, number: u32, name: &str, values: &[f64]);
    /// A nested message.
    fn message(&mut self, number: u32, name: &str, content: impl FnOnce(&mut Self));
    /// A repeated message; `items` calls [`Writer::item`] for each, at least once.
    fn list(&mut self, number: u32, name: &str, items: impl FnOnce(&mut Self));
    /// One message of the list with this number.
    fn item(&mut self, number: u32, content: impl FnOnce(&mut Self));
}

/// An attribute value.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// A list of texts.
    Texts(&'a [&'a str]),
    /// A map.
    Map(&'a [(&'a str, Value<'a>)]),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Writes attributes as the list with this number; nothing where there are none.
pub fn attributes<W: Writer>(w: &mut W, number: u32, name: &str, attributes: &[(&str, Value<'_>)]) {
    if !attributes.is_empty() {
        w.list(number, name, |w| key_values(w, number, attributes));
    }
}

/// Writes the fields of an `AnyValue`.
pub fn any_value<W: Writer>(w: &mut W, value: Value<'_>) {
    match value {
        Value::Text(text) => w.string(1, "stringValue", text),
        Value::Bool(value) => w.bool(2, "boolValue", value),
        Value::Int(value) => w.int64(3, "intValue", value),
        Value::Double(value) => w.double(4, "doubleValue", value),
        Value::Texts(texts) => w.message(5, "arrayValue", |w| {
            w.list(1, "values", |w| {
                for text in texts {
                    w.item(1, |w| w.string(1, "stringValue", text));
                }
            });
        }),
        Value::Map(entries) => w.message(6, "kvlistValue", |w| attributes(w, 1, "values", entries)),
        Value::Bytes(bytes) => w.bytes(7, "bytesValue", bytes),
    }
}

fn key_values<W: Writer>(w: &mut W, number: u32, attributes: &[(&str, Value<'_>)]) {
    for (key, value) in attributes {
        w.item(number, |w| {
            w.string(1, "key", key);
            w.message(2, "value", |w| any_value(w, *value));
        });
    }
}
