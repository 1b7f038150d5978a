//! The named parameters of `read_otlp`.

use std::sync::Arc;

use duckspan_otlp::compression::Compression;
use duckspan_otlp::file::{DEFAULT_MAXIMUM_OBJECT_SIZE, Format};
use duckspan_otlp::relation::Relation;
use duckspan_otlp::{Signal, SignalSet};

use crate::columns::{Column, Type};
use crate::fault::{Fault, FaultKind, Result};
use crate::files::Outcome;
use crate::typed::has_attribute;

#[cfg(test)]
mod tests;

/// The named parameters, beside those of DuckDB's multi-file readers; the last is for typed relations.
pub const PARAMETERS: [Column; 6] = [
    Column { name: "signal", kind: Type::Varchar },
    Column { name: "format", kind: Type::Varchar },
    Column { name: "compression", kind: Type::Varchar },
    Column { name: "ignore_errors", kind: Type::Boolean },
    Column { name: "maximum_object_size", kind: Type::UInt64 },
    Column { name: "attributes_as_variant", kind: Type::Boolean },
];

/// Those of a function that reads no typed relation.
pub const UNIFIED_PARAMETERS: &[Column] = PARAMETERS.split_at(5).0;

/// What the caller asked of the reader.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// The typed relation that is read, if it is one.
    pub relation: Option<&'static Relation>,
    /// Whose rows are read.
    pub signals: SignalSet,
    /// How records are written; `None` if that is to be found out.
    pub format: Option<Format>,
    /// How files are compressed; `None` if that is to be found out.
    pub compression: Option<Compression>,
    /// Whether what is wrong is skipped or repaired, and told of.
    pub ignore_errors: bool,
    /// Bytes of the largest record that is read.
    pub maximum_object_size: usize,
    /// Whether attributes are VARIANT, not JSON.
    pub attributes_as_variant: bool,
    /// What came of the files that are read so.
    pub outcome: Arc<Outcome>,
}

impl FileOptions {
    /// The defaults of the function that reads files as that relation.
    pub fn new(relation: Option<&'static Relation>) -> FileOptions {
        FileOptions {
            relation,
            signals: relation.map_or(SignalSet::ALL, |relation| SignalSet::only(relation.signal)),
            format: None,
            compression: None,
            ignore_errors: true,
            maximum_object_size: DEFAULT_MAXIMUM_OBJECT_SIZE,
            attributes_as_variant: false,
            outcome: Arc::default(),
        }
    }

    /// Sets the parameter of that name, to a value as DuckDB writes it; `None` is NULL.
    ///
    /// # Errors
    /// If there is no such parameter, or the value is not one it takes.
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        let text = value.ok_or_else(|| binder(format!("read_otlp: {name} cannot be NULL")))?;
        match name {
            "signal" => self.select(signals(text)?, text)?,
            "format" => self.format = format(text)?,
            "compression" => self.compression = compression(text)?,
            // These are of a type of their own, so DuckDB has seen to what they are.
            "ignore_errors" => self.ignore_errors = text == "true",
            "attributes_as_variant" => self.attributes_as_variant = text == "true",
            "maximum_object_size" => {
                let bytes = text.parse().ok().filter(|&bytes: &u64| bytes > 0);
                let bytes = bytes.ok_or_else(|| {
                    binder("maximum_object_size must be a positive number of bytes")
                })?;
                self.maximum_object_size = usize::try_from(bytes).unwrap_or(usize::MAX);
            }
            _ => return Err(binder(format!("read_otlp has no parameter \"{name}\""))),
        }
        Ok(())
    }
}

impl FileOptions {
    /// Whether the column at a position of the relation is to be VARIANT where it is JSON.
    pub fn is_variant(&self, column: usize) -> bool {
        let column = self.relation.and_then(|relation| relation.columns.get(column));
        self.attributes_as_variant && column.is_some_and(|column| column.has_attributes())
    }

    /// Whether `->>'key'` of the column at a position of the relation can be read without the column.
    pub fn has_member(&self, column: usize, key: &str) -> bool {
        let is_attribute = |relation| has_attribute(relation, column, key);
        !self.attributes_as_variant && self.relation.is_some_and(is_attribute)
    }

    /// Reads these signals only, of those that the relation has.
    fn select(&mut self, signals: SignalSet, text: &str) -> Result<()> {
        match self.relation {
            // Instead of no rows, which would look like an answer.
            Some(relation) if !signals.contains(relation.signal) => Err(binder(format!(
                "signal := '{text}' has no rows in read_otlp_{}, which reads {}",
                relation.name,
                relation.signal.name()
            ))),
            Some(_) => Ok(()),
            None => {
                self.signals = signals;
                Ok(())
            }
        }
    }
}

fn signals(text: &str) -> Result<SignalSet> {
    match Signal::from_name(text) {
        Some(signal) => Ok(SignalSet::only(signal)),
        None if text.eq_ignore_ascii_case("auto") => Ok(SignalSet::ALL),
        None => Err(unknown("signal", text, "auto, traces, metrics, logs")),
    }
}

fn format(text: &str) -> Result<Option<Format>> {
    match text.to_ascii_lowercase().as_str() {
        "auto" => Ok(None),
        "json" => Ok(Some(Format::Json)),
        "protobuf" => Ok(Some(Format::Protobuf)),
        _ => Err(unknown("format", text, "auto, json, protobuf")),
    }
}

fn compression(text: &str) -> Result<Option<Compression>> {
    match Compression::from_name(text) {
        Some(compression) => Ok(Some(compression)),
        None if text.eq_ignore_ascii_case("auto") => Ok(None),
        None => Err(unknown("compression", text, "auto, none, gzip, zstd")),
    }
}

fn unknown(name: &str, text: &str, known: &str) -> Fault {
    binder(format!("{name} := '{text}' is not known to read_otlp: use one of {known}"))
}

fn binder(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Binder, message)
}
