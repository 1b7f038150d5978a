//! An attached receiver: the rings of a catalog, and the threads that fill them.

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use duckspan_otlp::{Segment, Signal};
use duckspan_receiver::{Counters, Page, Receiver, StartError, Tls};
use duckspan_ring::{Full, Rings};
use duckspan_tables::fault::{Fault, FaultKind, Result};

use crate::archive::{Archive, ArchiveOptions, Outcome, Prepared, unique_id};
use crate::forward::Forward;
use crate::lock;
use crate::options::{LiveOptions, NO_PORT};
use crate::sql::Connect;
use crate::table::LiveTable;
use crate::view::{View, waiting};

#[cfg(test)]
mod tests;

/// Time that DETACH gives to what is not archived or forwarded yet.
const LAST_ROUND: Duration = Duration::from_secs(10);

/// Time that somebody waits who asks for it.
const LONGEST_FLUSH: Duration = Duration::from_secs(600);

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
    archive: Option<Archive>,
    forward: Option<Forward>,
    /// Where people see its rows.
    page: Page,
    tls: Option<Arc<Tls>>,
    /// Held by who archives to another place.
    archiving: Mutex<()>,
}

impl Live {
    /// Starts to receive.
    ///
    /// `previous` is what the new one replaces: if that is what holds the port, it is stopped first, and
    /// started again if the new one cannot start even so.
    ///
    /// # Errors
    /// If it cannot listen there, or cannot use what options name.
    pub fn start(
        options: &LiveOptions,
        previous: Option<&Live>,
        database: Arc<dyn Connect>,
        page: Page,
    ) -> Result<Live> {
        options.check()?;
        let tls = options.tls()?;
        let rings = Arc::new(Rings::new(options.ring_limits()));
        let id = unique_id();
        // Before anything listens: an archive that cannot be used is an error of ATTACH, not of a sender.
        let archive = options.archive().prepare(&id, &rings, database)?;
        let archiving = archive.as_ref().map(Prepared::archiving);
        let forward = options.forward_from(&rings)?;
        let receive = || options.receive(&rings, archiving.clone(), page.clone(), tls.clone());
        let receiver = Live::take_over(previous, options, receive).map_err(cannot)?;
        let archive = archive.map(Prepared::start).transpose().map_err(cannot)?;
        let path = options.with_port(receiver.address().port()).path();
        let http_port = receiver.http_address().map(|address| address.port());
        Ok(Live {
            options: options.clone(),
            rings,
            receiver: Mutex::new(Arc::new(receiver)),
            path,
            http_port,
            id: id.into(),
            archive,
            forward,
            page,
            tls,
            archiving: Mutex::default(),
        })
    }

    /// Starts to receive where `previous` may hold the port.
    fn take_over(
        previous: Option<&Live>,
        options: &LiveOptions,
        receive: impl Fn() -> std::result::Result<Receiver, StartError>,
    ) -> std::result::Result<Receiver, StartError> {
        match (receive(), previous) {
            // The new one is tried first, so that a receiver is stopped only if it is in the way.
            (Err(error), Some(previous)) if is_in_use(&error) && previous.holds(options) => {
                let running = previous.stop();
                let started = receive();
                if running && started.is_err() {
                    previous.resume();
                }
                started
            }
            (started, _) => started,
        }
    }

    /// Stops to receive, archives and forwards what is left, in bounded time, and says what could not be.
    pub fn detach(&self) -> Option<String> {
        self.stop();
        let begun = Instant::now();
        self.forward.iter().for_each(Forward::drain);
        let archived = self.archive.as_ref().and_then(|archive| self.archive_rest(archive));
        let rest = LAST_ROUND.saturating_sub(begun.elapsed());
        let forwarded = self.forward.as_ref().and_then(|forward| forward.finish(&self.path, rest));
        let lost: Vec<_> = archived.into_iter().chain(forwarded).collect();
        (!lost.is_empty()).then(|| lost.join("; "))
    }

    /// Archives what is left; says what could not be.
    fn archive_rest(&self, archive: &Archive) -> Option<String> {
        let flushed = archive.flush(LAST_ROUND);
        archive.stop();
        // Asked after it stopped: what was archived while it was waited for is not told as lost.
        let waiting: u64 = self.waiting(&archive.outcome()).iter().sum();
        let error = flushed.err()?;
        (waiting > 0).then(|| format!("{waiting} rows of {} were not archived: {error}", self.path))
    }

    /// Archives what is there now, and waits for it; returns how many rows were not archived before.
    ///
    /// # Errors
    /// If that cannot be done, or nothing is archived here.
    pub fn flush(&self) -> Result<u64> {
        let Some(archive) = &self.archive else {
            let message =
                "Nothing is archived here: say where to with the option archive of ATTACH";
            return Err(Fault::new(FaultKind::InvalidInput, message));
        };
        let before = archive.outcome().ends;
        let after = archive.flush(LONGEST_FLUSH).map_err(not_archived)?.ends;
        Ok(before.iter().zip(after).map(|(before, after)| after - before).sum())
    }

    /// Archives what is there now to another place, once; returns how many rows.
    ///
    /// # Errors
    /// If that is no place, or one that cannot be written to.
    pub fn archive_once(&self, target: &str, database: Arc<dyn Connect>) -> Result<u64> {
        let options =
            ArchiveOptions { target: Some(target.to_owned()), ..self.options.archive().clone() };
        if self.archive.is_some() && self.archives_to(&options) {
            // Who else writes there would store rows twice.
            return self.flush();
        }
        let _turn = lock(&self.archiving);
        let path = options.path(&self.id, &self.rings, database)?;
        let path = path.ok_or_else(|| Fault::new(FaultKind::Binder, "there is no target"))?;
        let archived = path.prepare().and_then(|ends| path.round(ends));
        archived.map(|round| round.rows).map_err(not_archived)
    }

    fn archives_to(&self, options: &ArchiveOptions) -> bool {
        let same = |mine, other| matches!((mine, other), (Ok(mine), Ok(other)) if mine == other);
        same(self.options.archive().target(), options.target())
    }

    /// SQL of all rows of a typed table, archived ones too, in the catalog of that name.
    ///
    /// # Errors
    /// If they are archived to what is no place.
    pub fn union(&self, catalog: &str, table: LiveTable) -> Result<Option<String>> {
        let archive = self.options.archive();
        let target = archive.target()?.filter(|_| archive.relations.tables().contains(&table));
        Ok(target.map(|target| target.union(&self.id, catalog, table)))
    }

    fn waiting(&self, archived: &Outcome) -> [u64; Signal::ALL.len()] {
        let snapshots = self.rings.snapshot_all();
        Signal::ALL
            .map(|signal| waiting(&snapshots[signal as usize], archived.ends[signal as usize]))
    }

    /// Stops to receive, in bounded time; says whether it did receive. What is kept stays.
    pub fn stop(&self) -> bool {
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
        let archiving = self.archive.as_ref().map(Archive::archiving);
        if let Ok(receiver) =
            options.receive(&self.rings, archiving, self.page.clone(), self.tls.clone())
        {
            *lock(&self.receiver) = Arc::new(receiver);
        }
    }

    fn receiver(&self) -> Arc<Receiver> {
        Arc::clone(&lock(&self.receiver))
    }

    /// Whether `options` ask for another receiver than this one, whose port they may name.
    pub fn differs(&self, options: &LiveOptions) -> bool {
        let port = self.receiver().address().port();
        self.options != *options && self.options.with_port(port) != *options
    }

    /// The address it is bound to.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The second port, or `none`, where one was asked for or is expected.
    pub fn http_port(&self) -> Option<String> {
        match self.http_port {
            Some(port) => Some(port.to_string()),
            None => self.options.expects_http_port().then(|| NO_PORT.to_owned()),
        }
    }

    /// That it is not where exporters expect it, because somebody else is.
    pub fn warning(&self) -> Option<String> {
        let port = self.options.default_http_port().filter(|_| self.http_port.is_none())?;
        Some(format!(
            "Port {port} is in use, so {} is the only one of this OTLP receiver: exporters that send to {port} \
             unless told otherwise, as those over HTTP do, need OTEL_EXPORTER_OTLP_ENDPOINT=http{}",
            self.receiver().address().port(),
            self.path.trim_start_matches("otlp"),
        ))
    }

    /// Bytes of memory held for rows.
    pub fn memory(&self) -> u64 {
        self.rings.memory()
    }

    /// The rows of every table at this moment.
    pub fn view(&self) -> View {
        // Before the rows: what is archived since still counts as not archived, and its rows are in the ring.
        let archived = self.archive.as_ref().map(|archive| Arc::new(archive.outcome()));
        let forwarded = self.forward.as_ref().and_then(Forward::outcome).map(Arc::new);
        View {
            archived,
            forwarded,
            snapshots: self.rings.snapshot_all(),
            pinned_bytes: Signal::ALL.map(|signal| self.rings.ring(signal).pinned_bytes()),
            counters: Arc::new(self.counters()),
            receiver: Arc::clone(&self.id),
            tls_error: self.tls.as_ref().and_then(|tls| Some(tls.error()?.to_string().into())),
        }
    }

    /// What a transaction sees after it inserted into a table: that one anew.
    pub fn view_after_insert(&self, view: &View, table: LiveTable) -> View {
        match table.signal() {
            Some(signal) => view.with(signal, self.rings.snapshot(signal)),
            None => view.clone(),
        }
    }

    pub(crate) fn append(&self, segment: Segment) -> Result<()> {
        self.rings.try_append(segment).map(drop).map_err(|Full| {
            let message =
                "Memory is full of rows that are not archived or forwarded yet: try again, or see live.stats";
            Fault::new(FaultKind::InvalidInput, message)
        })
    }

    /// Removes the rows of a table that are in a view, and no row that came since; returns how many, and what
    /// the transaction sees then.
    ///
    /// # Errors
    /// If it is a table that cannot be changed.
    pub fn truncate(&self, view: &View, table: LiveTable) -> Result<(u64, View)> {
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

/// That the machine does not do it.
fn cannot(error: impl Display) -> Fault {
    Fault::new(FaultKind::Io, error.to_string())
}

fn not_archived(error: impl Display) -> Fault {
    cannot(format!("The rows could not be archived: {error}"))
}

fn is_in_use(error: &StartError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::AddrInUse)
}

/// That a table cannot be changed.
pub(crate) fn read_only(table: LiveTable) -> Fault {
    let hint = match table.signal() {
        Some(signal) => format!(" It shows the rows of \"{}\": change those.", signal.name()),
        None => String::new(),
    };
    let name = table.name();
    let message = format!("The table \"{name}\" of an OTLP receiver cannot be changed.{hint}");
    Fault::new(FaultKind::InvalidInput, message)
}
