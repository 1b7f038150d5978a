//! OTLP/JSON as the Collector writes it: no spaces, 64-bit integers as text, ids in hex.

use std::io::Write;

use super::Writer;

/// Writes JSON to the end of a buffer.
#[derive(Debug)]
pub struct Json<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Json<'a> {
    /// A writer of the members of one object.
    pub fn new(out: &'a mut Vec<u8>) -> Json<'a> {
        Json { out }
    }

    /// Writes the object that `content` fills.
    pub fn object(&mut self, content: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        content(self);
        self.out.push(b'}');
    }

    /// No value ends in an opening bracket, so the last byte says whether a comma is due.
    fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn quoted(&mut self, value: &str) {
        self.out.push(b'"');
        // Without an early end, so that the compiler looks at many bytes at a time.
        if value.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
            value.bytes().for_each(|byte| escape(self.out, byte));
        } else {
            self.out.extend_from_slice(value.as_bytes());
        }
        self.out.push(b'"');
    }

    fn number(&mut self, number: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn quoted_number(&mut self, number: impl itoa::Integer) {
        self.out.push(b'"');
        self.number(number);
        self.out.push(b'"');
    }

    fn array<T: Copy>(&mut self, name: &str, values: &[T], each: impl Fn(&mut Self, T)) {
        self.name(name);
        self.out.push(b'[');
        for &value in values {
            self.comma();
            each(self, value);
        }
        self.out.push(b']');
    }
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..0x20 => {
            write!(out, "\\u{byte:04x}").ok();
        }
        _ => out.push(byte),
    }
}

/// The shortest text that reads as the same number, whole numbers without a fraction.
fn put_double(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value);
    if text.contains('e') {
        write!(out, "{value}").ok();
    } else {
        // Go, and so the Collector, writes whole doubles as integers.
        out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    }
}

impl Writer for Json<'_> {
    fn string(&mut self, _: u32, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    fn bytes(&mut self, _: u32, name: &str, value: &[u8]) {
        self.name(name);
        self.out.push(b'"');
        put_base64(self.out, value);
        self.out.push(b'"');
    }

    fn id(&mut self, _: u32, name: &str, value: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if value.is_empty() {
            return;
        }
        self.name(name);
        self.out.push(b'"');
        for &byte in value {
            self.out.push(DIGITS[usize::from(byte >> 4)]);
            self.out.push(DIGITS[usize::from(byte & 15)]);
        }
        self.out.push(b'"');
    }

    fn bool(&mut self, _: u32, name: &str, value: bool) {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn uint32(&mut self, _: u32, name: &str, value: u32) {
        self.name(name);
        self.number(value);
    }

    fn sint32(&mut self, _: u32, name: &str, value: i32) {
        self.name(name);
        self.number(value);
    }

    fn int64(&mut self, _: u32, name: &str, value: i64) {
        self.name(name);
        self.quoted_number(value);
    }

    fn fixed32(&mut self, number: u32, name: &str, value: u32) {
        self.uint32(number, name, value);
    }

    fn fixed64(&mut self, _: u32, name: &str, value: u64) {
        self.name(name);
        self.quoted_number(value);
    }

    fn sfixed64(&mut self, number: u32, name: &str, value: i64) {
        self.int64(number, name, value);
    }

    fn double(&mut self, _: u32, name: &str, value: f64) {
        self.name(name);
        put_double(self.out, value);
    }

    fn uint64s(&mut self, number: u32, name: &str, values: &[u64]) {
        self.fixed64s(number, name, values);
    }

    fn fixed64s(&mut self, _: u32, name: &str, values: &[u64]) {
        self.array(name, values, |w, value| w.quoted_number(value));
    }

    fn doubles(&mut self, _: u32, name: &str, values: &[f64]) {
        self.array(name, values, |w, value| put_double(w.out, value));
    }

    fn message(&mut self, _: u32, name: &str, content: impl FnOnce(&mut Self)) {
        self.name(name);
        self.object(content);
    }

    fn list(&mut self, _: u32, name: &str, items: impl FnOnce(&mut Self)) {
        self.name(name);
        self.out.push(b'[');
        items(self);
        self.out.push(b']');
    }

    fn item(&mut self, _: u32, content: impl FnOnce(&mut Self)) {
        self.comma();
        self.object(content);
    }
}

fn put_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0, |word, &byte| word << 8 | usize::from(byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let used = digit <= chunk.len();
            out.push(if used { DIGITS[word >> (18 - 6 * digit) & 63] } else { b'=' });
        }
    }
}
