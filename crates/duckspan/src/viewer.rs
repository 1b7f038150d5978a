//! The viewer of a database: which relations it shows, and how its queries run.
//!
//! A query has a connection of its own, with views named as the kinds of relations; it is read only, unless writing was
//! allowed. Between queries nothing of the database is held.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use duckspan_otlp::relation::Relation;
use duckspan_receiver::Page;
use duckspan_viewer::{Config, Port, Viewer};

use crate::boundary::{Fault, FaultKind, Result};
use crate::given;
use crate::sql::{Database, Work};

mod engine;
mod options;

use engine::{Engine, Shown};
pub use options::ViewerOptions;

/// Where the page is expected.
const PORT: u16 = 4320;

/// The viewer of a database, while there is one.
#[derive(Debug, Default)]
pub struct Viewers(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    viewer: Viewer,
    shown: Shown,
    options: ViewerOptions,
}

impl Viewers {
    /// Starts a viewer, unless the one that runs is what is asked for; returns a URL that opens it.
    pub(crate) fn open(
        &self,
        options: &ViewerOptions,
        receivers: &[String],
        database: Database,
    ) -> Result<String> {
        let shown = shown(options, receivers)?;
        let engine = Engine::new(Work::new(database), shown.clone(), options.allow_write);
        engine.check()?;
        let mut running = self.lock();
        let is_it = |running: &Running| {
            running.viewer.is_running() && running.shown == shown && running.options == *options
        };
        if !running.as_ref().is_some_and(is_it) {
            // The next one may be asked to listen at the same port.
            *running = None;
            let viewer = start(options, engine)?;
            *running = Some(Running { viewer, shown, options: options.clone() });
        }
        let viewer = running.as_ref().map(|running| running.viewer.url()).transpose();
        let url = viewer.map_err(|error| Fault::new(FaultKind::Io, error.to_string()))?;
        Ok(url.unwrap_or_default())
    }

    /// Stops the viewer; says whether there was one.
    pub(crate) fn stop(&self) -> bool {
        let running = self.lock().take();
        running.is_some_and(|running| running.viewer.is_running())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What receivers tell of the viewer of their database.
pub(crate) fn page_of(viewers: &Arc<Viewers>) -> Page {
    let viewers: Weak<Viewers> = Arc::downgrade(viewers);
    Page::new(move || {
        let viewers = viewers.upgrade()?;
        // Nobody waits for a viewer that is about to start or stop.
        let running = viewers.0.try_lock().ok()?;
        let viewer = &running.as_ref()?.viewer;
        viewer.is_running().then(|| viewer.place())
    })
}

/// The relations that are meant: those that are named, or else those of a receiver.
fn shown(options: &ViewerOptions, receivers: &[String]) -> Result<Shown> {
    let named = options.relations();
    if !named.is_empty() && options.database.is_none() {
        return Ok(Shown { live: None, relations: named });
    }
    let receiver = match &options.database {
        Some(name) => find(name, receivers)?,
        None => match receivers {
            [receiver] => receiver.clone(),
            // This says what to do.
            [] => given::only(Relation::ALL[0], receivers)?,
            several => return Err(which(several)),
        },
    };
    let of_receiver = |kind: &'static Relation| {
        let given = named.iter().find(|(other, _)| other.name == kind.name);
        let name = || format!("{}.{}", given::quoted(&receiver), kind.name);
        (kind, given.map_or_else(name, |(_, name)| name.clone()))
    };
    let relations = Relation::ALL.into_iter().map(of_receiver).collect();
    Ok(Shown { live: Some(receiver.clone()), relations })
}

fn which(receivers: &[String]) -> Fault {
    let mut names = receivers.to_vec();
    names.sort();
    let message = format!(
        "receivers are attached as {}: say which one is meant, as in otlp_viewer(database := '{}')",
        names.join(" and "),
        names[0]
    );
    Fault::new(FaultKind::Binder, message)
}

fn find(name: &str, receivers: &[String]) -> Result<String> {
    let found = receivers.iter().find(|receiver| receiver.eq_ignore_ascii_case(name));
    found.cloned().ok_or_else(|| {
        let message = format!(
            "\"{name}\" is not an attached receiver: ATTACH 'otlp://localhost:4317' AS {} (TYPE otlp)",
            given::quoted(name)
        );
        Fault::new(FaultKind::Binder, message)
    })
}

fn start(options: &ViewerOptions, engine: Engine) -> Result<Viewer> {
    let host = options.host.clone();
    let port = options.port.map_or(Port::Preferably(PORT), Port::Exactly);
    let write = options.allow_write;
    let config = Config { host: host.clone(), port, engine: Arc::new(engine), write };
    Viewer::start(config).map_err(|error| {
        let at = format!("{host}:{}", options.port.unwrap_or(PORT));
        let cure = match error.kind() {
            ErrorKind::AddrInUse => {
                "address already in use (choose another port, or 0 for any that is free)".to_owned()
            }
            ErrorKind::AddrNotAvailable => {
                "address not available (it is not an address of this machine)".to_owned()
            }
            _ => error.to_string(),
        };
        Fault::new(FaultKind::Io, format!("Failed to start the viewer on {at}: {cure}"))
    })
}

#[cfg(test)]
mod tests;
