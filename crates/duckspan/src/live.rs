//! An attached receiver: the rings of a catalog, and the threads that fill them.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use duckspan_otlp::{Segment, Signal};
use duckspan_receiver::{Counters, Receiver, StartError};
use duckspan_ring::{Rings, Snapshot, Stats};

use crate::boundary::{Fault, FaultKind, Result};

mod insert;
mod options;
mod rows;
mod scan;
mod stats;
mod table;

pub use insert::LiveInsert;
pub use options::LiveOptions;
use options::NO_PORT;
pub use rows::ScanOrder;
pub use scan::{LiveScan, ScanCounts};
pub use table::LiveTable;
pub(crate) use table::TableColumn;

/// What a catalog keeps while it is attached.
pub struct Live {
    options: LiveOptions,
    rings: Arc<Rings>,
    receiver: Mutex<Arc<Receiver>>,
    /// The address it is bound to: where the options say port 0, the port that was free.
    path: String,
    http_port: Option<u16>,
    /// Tells it from every other receiver, those of other processes too.
    id: Arc<str>,
}

/// The rows of every signal at one moment, and what was counted until then; what a transaction sees.
#[derive(Clone)]
pub struct View {
    snapshots: [Snapshot; Signal::ALL.len()],
    pinned_bytes: [u64; Signal::ALL.len()],
    counters: Arc<Counters>,
    receiver: Arc<str>,
}

impl View {
    pub(crate) fn snapshot(&self, signal: Signal) -> &Snapshot {
        &self.snapshots[signal as usize]
    }

    fn ring_stats(&self, signal: Signal) -> Stats {
        let pinned_bytes = self.pinned_bytes[signal as usize];
        Stats { pinned_bytes, ..self.snapshot(signal).stats() }
    }

    /// The same with other rows of one signal: other tables stay as the transaction saw them.
    fn with(&self, signal: Signal, snapshot: Snapshot) -> View {
        let mut view = self.clone();
        view.snapshots[signal as usize] = snapshot;
        view
    }
}

impl Live {
    /// Starts to receive.
    ///
    /// `previous` is what the new one replaces: if that is what holds the port, it is stopped first, and
    /// started again if the new one cannot start even so.
    pub(crate) fn start(options: &LiveOptions, previous: Option<&Live>) -> Result<Live> {
        let rings = Arc::new(Rings::new(options.ring_limits()));
        let receiver = match (options.receive(&rings), previous) {
            (Err(error), Some(previous)) if is_in_use(&error) && previous.holds(options) => {
                let running = previous.stop();
                let started = options.receive(&rings);
                if running && started.is_err() {
                    previous.resume();
                }
                started
            }
            (started, _) => started,
        };
        let receiver = receiver.map_err(|error| Fault::new(FaultKind::Io, error.to_string()))?;
        let path = options.with_port(receiver.address().port()).path();
        let http_port = receiver.http_address().map(|address| address.port());
        let receiver = Mutex::new(Arc::new(receiver));
        Ok(Live { options: options.clone(), rings, receiver, path, http_port, id: fresh_id() })
    }

    /// Stops to receive, in bounded time; says whether it did receive. What is kept stays.
    pub(crate) fn stop(&self) -> bool {
        let receiver = self.receiver();
        let running = receiver.is_running();
        receiver.stop();
        running
    }

    /// Whether it is bound to a port that `options` ask for.
    fn holds(&self, options: &LiveOptions) -> bool {
        let ports = [Some(self.receiver().address().port()), self.http_port];
        ports.into_iter().flatten().any(|port| options.wants(port))
    }

    /// Starts again at the same ports, if it can.
    fn resume(&self) {
        let options = self.options.with_ports(self.receiver().address().port(), self.http_port);
        if let Ok(receiver) = options.receive(&self.rings) {
            *self.receiver.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(receiver);
        }
    }

    fn receiver(&self) -> Arc<Receiver> {
        Arc::clone(&self.receiver.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether `options` ask for another receiver than this one, whose port they may name.
    pub(crate) fn differs(&self, options: &LiveOptions) -> bool {
        let port = self.receiver().address().port();
        self.options != *options && self.options.with_port(port) != *options
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The second port, or `none`, where one was asked for or is expected.
    pub(crate) fn http_port(&self) -> Option<String> {
        match self.http_port {
            Some(port) => Some(port.to_string()),
            None => self.options.expects_http_port().then(|| NO_PORT.to_owned()),
        }
    }

    /// That it is not where exporters expect it, because somebody else is.
    pub(crate) fn warning(&self) -> Option<String> {
        let port = self.options.default_http_port().filter(|_| self.http_port.is_none())?;
        Some(format!(
            "Port {port} is in use, so {} is the only one of this OTLP receiver: exporters that send to {port} \
             unless told otherwise, as those over HTTP do, need OTEL_EXPORTER_OTLP_ENDPOINT=http{}",
            self.receiver().address().port(),
            self.path.trim_start_matches("otlp"),
        ))
    }

    /// Bytes of memory held for rows.
    pub(crate) fn memory(&self) -> u64 {
        self.rings.memory()
    }

    pub(crate) fn view(&self) -> View {
        View {
            snapshots: self.rings.snapshot_all(),
            pinned_bytes: Signal::ALL.map(|signal| self.rings.ring(signal).pinned_bytes()),
            counters: Arc::new(self.counters()),
            receiver: Arc::clone(&self.id),
        }
    }

    /// What a transaction sees after it inserted into a table: that one anew.
    pub(crate) fn view_after_insert(&self, view: &View, table: LiveTable) -> View {
        match table.signal() {
            Some(signal) => view.with(signal, self.rings.snapshot(signal)),
            None => view.clone(),
        }
    }

    fn append(&self, segment: Segment) {
        self.rings.append(segment);
    }

    /// Removes the rows of a table that are in a view, and no row that came since; returns how many, and what
    /// the transaction sees then.
    pub(crate) fn truncate(&self, view: &View, table: LiveTable) -> Result<(u64, View)> {
        let signal = table.writable().ok_or_else(|| read_only(table))?;
        let seen = view.snapshot(signal);
        let rows = self.rings.clear_before(signal, seen.next_row_id());
        Ok((rows, view.with(signal, seen.cleared(rows))))
    }

    /// What became of requests.
    fn counters(&self) -> Counters {
        self.receiver().counters()
    }
}

/// An id that no receiver had: the time, and what the standard library takes from the system for its hash maps.
fn fresh_id() -> Arc<str> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let random = RandomState::new().hash_one(now);
    format!("{now:016x}{random:016x}").into()
}

fn is_in_use(error: &StartError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::AddrInUse)
}

fn read_only(table: LiveTable) -> Fault {
    let hint = match table.signal() {
        Some(signal) => format!(" It shows the rows of \"{}\": change those.", signal.name()),
        None => String::new(),
    };
    let name = table.name();
    let message = format!("The table \"{name}\" of an OTLP receiver cannot be changed.{hint}");
    Fault::new(FaultKind::InvalidInput, message)
}
