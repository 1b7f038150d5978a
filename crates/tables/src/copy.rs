//! `COPY … TO 'x.jsonl' (FORMAT otlp)`: rows become requests again, and requests files, or go to an upstream.
//!
//! ```text
//! rows ─ CopyRows: requests of one signal each ─ encoded ─┬─→ CopyFile: one after the other ─→ DuckDB's file system
//!                                                         └─→ CopySender: several at a time ─→ upstream
//! ```
//! Rows of a thread are collected and encoded beside those of others; only putting them into the file is one at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use duckspan_otlp::Signal;
use duckspan_otlp::compression::Compression;
use duckspan_otlp::json::replay::{BadRow, Replay, Row, signal_of};
use duckspan_otlp::output::{Encoding, Output, Piece, Refused};
use duckspan_otlp::relation::Relation;
use duckspan_sender::{Endpoint, Request};

use crate::fault::{Fault, FaultKind, Result};
use crate::given;

mod pace;
mod send;
#[cfg(test)]
mod tests;

use pace::{Pace, Speed};
use send::Upstream;
pub use send::{CopySender, check_scope};

/// Rows of a request at most: what the Collector sends at a time by default.
const REQUEST_ROWS: usize = 8192;

/// JSON of the rows of a request.
const REQUEST_BYTES: usize = 4 << 20;

/// Characters of a bad row that an error shows.
const SHOWN: usize = 80;

/// What is copied, and how.
#[derive(Debug, Clone)]
pub struct CopyTo {
    target: Target,
    columns: Columns,
}

/// Where to.
#[derive(Debug, Clone)]
enum Target {
    File(FileFormat),
    Upstream(Box<Upstream>),
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileFormat {
    encoding: Encoding,
    compression: Compression,
}

/// Where the columns stand that make a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// TIMESTAMP.
    pub timestamp: Option<usize>,
    /// JSON, as text.
    pub resource: usize,
    /// As `resource`.
    pub data: usize,
    /// VARCHAR.
    pub signal: Option<usize>,
}

/// A column as a query has it.
pub struct Given {
    /// Its name.
    pub name: String,
    /// The name of its type.
    pub kind: String,
}

impl CopyTo {
    /// A copy of rows with these columns to a file of that name, to several, or to an endpoint.
    ///
    /// # Errors
    /// If these are no columns or options of a copy.
    pub fn new(path: &str, columns: &[Given], options: &[(String, String)]) -> Result<CopyTo> {
        let mut target = match Endpoint::is_meant(path) {
            true => Target::Upstream(Box::new(Upstream::new(path)?)),
            false => Target::File(FileFormat::of_path(path)?),
        };
        let columns = columns_of(columns)?;
        options.iter().try_for_each(|(name, value)| match &mut target {
            Target::File(format) => format.set(name, value),
            Target::Upstream(upstream) => upstream.set(name, value),
        })?;
        let copy = CopyTo { target, columns };
        if copy.speed().is_some() && columns.timestamp.is_none() {
            return Err(binder(
                "speed takes the column timestamp, which says when a row is due, and the query has none",
            ));
        }
        Ok(copy)
    }

    fn speed(&self) -> Option<Speed> {
        match &self.target {
            Target::File(_) => None,
            Target::Upstream(upstream) => upstream.speed(),
        }
    }

    /// The column whose order rows have to come in, one after the other, those that are NULL last; `None` if they may come
    /// as they do.
    pub fn ordered_by(&self) -> Option<usize> {
        self.speed().and(self.columns.timestamp)
    }

    /// Whether rows are sent, and a secret may say how.
    pub fn sends(&self) -> bool {
        matches!(self.target, Target::Upstream(_))
    }

    /// Sets what a secret has; `key` is the name of a header.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn set_secret(&mut self, name: &str, key: &str, value: &str) -> Result<()> {
        match &mut self.target {
            Target::File(_) => Ok(()),
            Target::Upstream(upstream) => upstream.set_secret(name, key, value),
        }
    }

    /// A file of this copy.
    ///
    /// # Errors
    /// If its rows are sent.
    pub fn file(&self) -> Result<CopyFile> {
        match self.target {
            Target::File(FileFormat { encoding, compression }) => {
                Ok(CopyFile(Mutex::new(Output::new(encoding, compression))))
            }
            Target::Upstream(_) => Err(binder("rows that are sent have no file")),
        }
    }

    /// What sends the rows of this copy.
    ///
    /// # Errors
    /// If they go to a file, or what the secret has cannot be used.
    pub fn sender(&self, path: &str) -> Result<CopySender> {
        match &self.target {
            Target::File(_) => Err(binder("rows of a file are not sent")),
            Target::Upstream(upstream) => upstream.sender(path),
        }
    }

    /// Rows of a batch, which go to that sender if they are sent.
    pub fn rows(&self, sender: Option<&CopySender>) -> CopyRows {
        CopyRows {
            copy: self.clone(),
            replays: Signal::ALL.map(|signal| self.target.replay(signal)),
            pace: sender.and_then(CopySender::pace),
            pieces: Vec::new(),
            requests: VecDeque::new(),
        }
    }
}

impl Target {
    /// What rows are collected by, for what is written of them.
    fn replay(&self, signal: Signal) -> Replay {
        match self {
            Target::File(FileFormat { encoding: Encoding::Json | Encoding::JsonLines, .. }) => {
                Replay::to_render(signal)
            }
            Target::File(_) | Target::Upstream(_) => Replay::new(signal),
        }
    }
}

impl FileFormat {
    fn of_path(path: &str) -> Result<FileFormat> {
        if let Some(address) = Endpoint::lacks_scheme(path) {
            return Err(binder(format!(
                "'{path}' looks like an address: write '{address}' to send rows there, or './{path}' for a file"
            )));
        }
        Ok(FileFormat { encoding: Encoding::of_path(path), compression: compression_of(path) })
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let wrong = |what: &str| Err(binder(format!("{name} '{value}' is none of {what}")));
        match name {
            "encoding" => match Encoding::from_name(value) {
                Some(encoding) => self.encoding = encoding,
                None => return wrong("'jsonl', 'json', 'protobuf' and 'length_prefixed'"),
            },
            "compression" => match Compression::from_name(value) {
                Some(compression) => self.compression = compression,
                None if value.eq_ignore_ascii_case("auto") => {}
                None => return wrong("'auto', 'none', 'gzip' and 'zstd'"),
            },
            _ if send::OPTIONS.contains(&name) => {
                return Err(binder(format!(
                    "{name} is for rows that are sent, as in COPY … TO 'otlp://host:4317', and not for a file"
                )));
            }
            _ => {
                let options = "encoding and compression, beside those of every COPY";
                return Err(binder(format!(
                    "COPY … (FORMAT otlp) has no option {name}: it has {options}"
                )));
            }
        }
        Ok(())
    }
}

fn compression_of(path: &str) -> Compression {
    match path.to_ascii_lowercase().rsplit('.').next() {
        Some("gz") => Compression::Gzip,
        Some("zst") => Compression::Zstd,
        _ => Compression::None,
    }
}

fn columns_of(columns: &[Given]) -> Result<Columns> {
    let find = |name: &str, kinds: &[&str]| {
        let named = |column: &Given| column.name.eq_ignore_ascii_case(name);
        let Some(at) = columns.iter().position(named) else { return Ok(None) };
        let kind = &columns[at].kind;
        match kinds.contains(&kind.as_str()) {
            true => Ok(Some(at)),
            false => Err(binder(format!(
                "the column {name} is of type {kind}, and is to be {}",
                kinds[0]
            ))),
        }
    };
    let text = ["JSON", "VARCHAR"];
    let (resource, data) = (find("resource", &text)?, find("data", &text)?);
    let (Some(resource), Some(data)) = (resource, data) else {
        return Err(binder(lacks(columns)));
    };
    let [timestamp, signal] = [find("timestamp", &["TIMESTAMP"])?, find("signal", &["VARCHAR"])?];
    Ok(Columns { timestamp, resource, data, signal })
}

/// Why rows without `resource` and `data` are none, and where there are some.
fn lacks(columns: &[Given]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    let typed = Relation::ALL.into_iter().find(|kind| given::is_one_of(kind, &names));
    match typed {
        Some(relation) => {
            let (name, signal) = (relation.name, relation.signal.name());
            format!(
                "OTLP is made of the columns resource and data, and these are typed columns of {name}: copy the rows of \
                 live.{signal} or read_otlp(…), as in COPY (FROM live.{signal} WHERE …) TO …"
            )
        }
        None => "OTLP is made of the columns resource and data, as live.traces and read_otlp(…) have them, and the \
                 query has no such columns"
            .to_owned(),
    }
}

/// Rows on their way into requests, of one batch.
#[derive(Debug)]
pub struct CopyRows {
    copy: CopyTo,
    /// By signal.
    replays: [Replay; Signal::ALL.len()],
    /// If they are to leave when their time has come. They come in its order then, and one batch after the other.
    pace: Option<Arc<Mutex<Pace>>>,
    /// For a file.
    pieces: Vec<Piece>,
    /// For an upstream.
    requests: VecDeque<Departure>,
}

/// A request that leaves at once, or at a time.
#[derive(Debug)]
struct Departure {
    due: Option<Instant>,
    request: Request,
}

/// A row as SQL has it.
#[derive(Debug, Clone, Copy)]
pub struct CopyRow<'a> {
    /// Microseconds since the epoch.
    pub timestamp: Option<i64>,
    /// The resource, as OTLP/JSON.
    pub resource: Option<&'a str>,
    /// The row itself, as OTLP/JSON.
    pub data: Option<&'a str>,
    /// Which signal it is of; its data says so too.
    pub signal: Option<&'a str>,
}

impl CopyRows {
    /// Where the columns stand that make a row.
    pub fn columns(&self) -> Columns {
        self.copy.columns
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If it is no OTLP.
    pub fn push(&mut self, row: CopyRow<'_>) -> Result<()> {
        let Some(data) = row.data else { return Err(bad("data is NULL", "")) };
        if let Some(pace) = self.pace.clone() {
            if lock(&pace).parts_at(row.timestamp) {
                self.finish()?;
            }
            lock(&pace).enter(row.timestamp);
        }
        // Rows of several signals may follow each other in any order; each signal has requests of its own.
        let signal = signal(row.signal, data)?;
        let replay = &mut self.replays[signal as usize];
        let CopyRow { timestamp, resource, .. } = row;
        replay.push(Row { timestamp, resource, data }).map_err(|error| bad(&error.reason, data))?;
        if replay.bytes() >= REQUEST_BYTES || replay.len() >= REQUEST_ROWS {
            self.encode(signal)?;
        }
        Ok(())
    }

    /// Encodes what is left.
    ///
    /// # Errors
    /// As [`CopyRows::push`].
    pub fn finish(&mut self) -> Result<()> {
        Signal::ALL.into_iter().try_for_each(|signal| self.encode(signal))
    }

    fn encode(&mut self, signal: Signal) -> Result<()> {
        let replay = &mut self.replays[signal as usize];
        let segment = replay.take().map_err(|BadRow { row, reason, begins }| {
            bad(&format!("{reason} (row {} of a request of {})", row + 1, signal.name()), &begins)
        })?;
        let Some(segment) = segment else { return Ok(()) };
        match &self.copy.target {
            Target::File(FileFormat { encoding, compression }) => {
                let piece = Piece::new(&segment, *encoding, *compression);
                self.pieces.push(piece.map_err(no_memory)?);
            }
            Target::Upstream(upstream) => {
                let pace = self.pace.as_ref().map(|pace| lock(pace));
                let (due, shift) = pace.map_or((None, 0), |pace| (pace.due(), pace.shift()));
                let request = upstream.request(&segment, shift)?;
                self.requests.push_back(Departure { due, request });
            }
        }
        Ok(())
    }
}

/// The signal of a row: as a column says, or else by its data.
fn signal(given: Option<&str>, data: &str) -> Result<Signal> {
    if let Some(name) = given {
        let found = Signal::ALL.into_iter().find(|signal| signal.name() == name);
        return found.ok_or_else(|| bad(&format!("'{name}' is no signal"), data));
    }
    let found = signal_of(data).map_err(|error| bad(error.reason(), data))?;
    found.ok_or_else(|| bad("it is of no signal", data))
}

/// A file that is written, by one thread at a time.
#[derive(Debug)]
pub struct CopyFile(Mutex<Output>);

impl CopyFile {
    /// The bytes that the file gets next: all that is encoded of `rows`.
    ///
    /// # Errors
    /// If it holds one signal, and these are of another.
    pub fn add(&self, rows: &mut CopyRows) -> Result<Vec<u8>> {
        // One thread at a time: pieces of a request must not be torn apart, and the first of a file has its opening.
        let mut output = self.lock();
        let mut bytes = Vec::new();
        for piece in rows.pieces.drain(..) {
            bytes.append(&mut output.add(piece).map_err(refused)?);
        }
        Ok(bytes)
    }

    /// The bytes that the file ends with.
    ///
    /// # Errors
    /// If there is no memory for them.
    pub fn end(&self) -> Result<Vec<u8>> {
        self.lock().end().map_err(no_memory)
    }

    fn lock(&self) -> MutexGuard<'_, Output> {
        lock(&self.0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(refused: Refused) -> Fault {
    match refused {
        Refused::Io(error) => no_memory(error),
        Refused::SecondSignal(first, second) => {
            let (first, second) = (first.name(), second.name());
            let message = format!(
                "This encoding holds one signal, and the rows are of {first} and {second}: copy each to a file of its \
                 own, as in WHERE signal = '{first}', or with ENCODING 'jsonl' or 'length_prefixed'"
            );
            Fault::new(FaultKind::InvalidInput, message)
        }
    }
}

fn no_memory(error: std::io::Error) -> Fault {
    Fault::new(FaultKind::Io, format!("a request cannot be written: {error}"))
}

/// The error of a row that is no OTLP.
fn bad(reason: &str, data: &str) -> Fault {
    let begins: String = data.chars().take(SHOWN).collect();
    let shown =
        if data.is_empty() { String::new() } else { format!(" Its data begins {begins:?}.") };
    Fault::new(FaultKind::InvalidInput, format!("A row cannot be copied as OTLP: {reason}.{shown}"))
}

fn binder(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Binder, message.into())
}
