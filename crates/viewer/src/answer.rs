//! The result of a query as lines of JSON: columns, pieces of rows, and how it ended.

use std::io::Write as _;
use std::time::Instant;

use bytes::Bytes;
use serde_json::json;

use crate::engine::{Column, QueryError, Value};
use crate::limits::{PIECE, RESULT, ROW, VALUE};

/// A result on its way, of which `send` takes the pieces; it says whether anybody does.
pub(crate) struct Writer<S> {
    send: S,
    /// The rows that are not sent yet, with what stands before them.
    piece: Vec<u8>,
    begun: Instant,
    limit: u64,
    rows: u64,
    bytes: u64,
    cut_values: u64,
    limited: bool,
    is_row_open: bool,
    is_gone: bool,
}

impl<S: FnMut(Bytes) -> bool> Writer<S> {
    /// Of so many rows at most.
    pub(crate) fn new(limit: u64, send: S) -> Writer<S> {
        Writer {
            send,
            piece: Vec::new(),
            begun: Instant::now(),
            limit,
            rows: 0,
            bytes: 0,
            cut_values: 0,
            limited: false,
            is_row_open: false,
            is_gone: false,
        }
    }

    pub(crate) fn columns(&mut self, columns: &[Column<'_>]) {
        let columns: Vec<_> = columns
            .iter()
            .map(|column| json!({"name": column.name, "type": column.kind}))
            .collect();
        self.send_line(&json!({ "columns": columns }));
    }

    pub(crate) fn value(&mut self, value: Value<'_>) {
        if self.is_full() {
            return;
        }
        self.piece.extend_from_slice(match (self.is_row_open, self.piece.is_empty()) {
            (true, _) => b",",
            (false, true) => b"{\"rows\":[[",
            (false, false) => b",[",
        });
        self.is_row_open = true;
        self.write(value);
    }

    /// Ends a row; says whether more are wanted.
    pub(crate) fn end_row(&mut self) -> bool {
        if self.is_full() {
            // Said only once a further row is there: a result of exactly that many rows is whole.
            self.limited = true;
            return false;
        }
        // A row without values has brackets of its own, too.
        if !self.is_row_open {
            self.piece.extend_from_slice(if self.piece.is_empty() {
                b"{\"rows\":[["
            } else {
                b",["
            });
        }
        self.piece.push(b']');
        self.is_row_open = false;
        self.rows += 1;
        if self.piece.len() >= PIECE {
            self.send_rows();
        }
        !self.is_gone
    }

    /// Sends what is there: more of it may take time.
    pub(crate) fn wait(&mut self) {
        self.send_rows();
    }

    /// Sends what is left, and how it ended.
    pub(crate) fn end(mut self, outcome: Result<(), QueryError>, sql: &str) {
        self.send_rows();
        let line = match outcome {
            Ok(()) => json!({"end": {
                "rows": self.rows,
                "limited": self.limited,
                "milliseconds": self.begun.elapsed().as_micros() as f64 / 1e3,
                "cut_values": self.cut_values,
            }}),
            Err(QueryError { message, position }) => {
                let position = position.map(|at| code_units(sql, at));
                json!({"error": {"message": message, "position": position}})
            }
        };
        self.send_line(&line);
    }

    /// Whether there may be no further row. A row that was begun goes to its end.
    fn is_full(&self) -> bool {
        !self.is_row_open && (self.rows == self.limit || self.bytes >= RESULT)
    }

    fn write(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.piece.extend_from_slice(b"null"),
            Value::Boolean(value) => self.put(&value),
            Value::Integer(value) => self.put(&value),
            Value::Single(value) if value.is_finite() => self.put(&value),
            Value::Double(value) if value.is_finite() => self.put(&value),
            Value::Single(value) => self.put(not_finite(value.into())),
            Value::Double(value) => self.put(not_finite(value)),
            Value::Text(text) => {
                // What rows before it have in the piece counts as well, but that is little: a piece is sent once it
                // is long.
                let room = VALUE.min(ROW.saturating_sub(self.piece.len()));
                let cut = &text[..text.floor_char_boundary(room)];
                self.cut_values += u64::from(cut.len() < text.len());
                self.put(cut);
            }
        }
    }

    fn put<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // Memory can be written to, and these values are JSON.
        let _ = serde_json::to_writer(&mut self.piece, value);
    }

    fn send_rows(&mut self) {
        if !self.piece.is_empty() {
            let mut piece = std::mem::take(&mut self.piece);
            piece.extend_from_slice(b"]}\n");
            self.send(piece);
        }
    }

    fn send_line(&mut self, line: &serde_json::Value) {
        let mut bytes = Vec::new();
        // Memory can be written to.
        let _ = writeln!(bytes, "{line}");
        self.send(bytes);
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.bytes += bytes.len() as u64;
        // Once nobody takes it, nobody ever will: `send` is not asked again.
        self.is_gone = self.is_gone || !(self.send)(bytes.into());
    }
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// The place of a byte, as JavaScript counts.
fn code_units(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|&(at, _)| at < byte).map(|(_, found)| found.len_utf16()).sum()
}

#[cfg(test)]
mod tests;
