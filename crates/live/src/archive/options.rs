//! What `ATTACH … (archive …)` asks for.

use std::sync::Arc;
use std::time::Duration;

use duckspan_ring::Rings;
use duckspan_tables::fault::{Fault, FaultKind, Result};
use duckspan_tables::time::duration;

use super::{Path, Prepared, Target};
use crate::sql::Connect;
use crate::table::LiveTable;

/// The options, in the order of the docs.
pub(crate) const OPTIONS: [&str; 7] = [
    "archive",
    "archive_interval",
    "archive_relations",
    "archive_partition_by",
    "archive_min_rows",
    "archive_when_full",
    "acknowledge",
];

/// Those that say nothing where nothing is archived by itself: the others are for `otlp_archive` too.
pub(crate) const NEED_TARGET: [&str; 4] =
    ["archive_interval", "archive_min_rows", "archive_when_full", "acknowledge"];

/// Which relations are archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relations {
    Typed,
    Unified,
    Both,
}

impl Relations {
    /// The tables that are archived.
    pub(crate) fn tables(self) -> Vec<LiveTable> {
        let wanted = |table: &LiveTable| {
            let is_typed = table.relation().is_some();
            match self {
                Relations::Typed => is_typed,
                Relations::Unified => !is_typed,
                Relations::Both => true,
            }
        };
        let has_rows = |table: &LiveTable| table.signal().is_some();
        LiveTable::ALL.into_iter().filter(has_rows).filter(wanted).collect()
    }
}

/// Where to archive rows, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchiveOptions {
    /// A schema or a folder; `None` if nothing is archived.
    pub(crate) target: Option<String>,
    pub(crate) interval: Duration,
    pub(crate) relations: Relations,
    /// Whether files go by service, beside the date.
    pub(crate) by_service: bool,
    /// With fewer rows than that nothing is archived but on request.
    pub(crate) min_rows: u64,
    /// Whether rows that are not archived stay when memory is full, and senders wait.
    pub(crate) keeps: bool,
    /// Whether senders are answered only when their rows are archived.
    pub(crate) acknowledges: bool,
}

impl Default for ArchiveOptions {
    fn default() -> ArchiveOptions {
        ArchiveOptions {
            target: None,
            interval: Duration::from_secs(10),
            relations: Relations::Typed,
            by_service: false,
            min_rows: 1,
            keeps: true,
            acknowledges: false,
        }
    }
}

impl ArchiveOptions {
    /// Sets an option.
    ///
    /// # Errors
    /// What the option takes, if that is not it.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> std::result::Result<(), &'static str> {
        match (name, value.to_ascii_lowercase().as_str()) {
            ("archive", "") => return Err("a schema, as in 'lake.telemetry', or a folder"),
            ("archive", _) => self.target = Some(value.to_owned()),
            ("archive_interval", value) => {
                self.interval = duration(value).ok_or("a time such as '10s' or '500ms'")?;
            }
            ("archive_relations", "typed") => self.relations = Relations::Typed,
            ("archive_relations", "unified") => self.relations = Relations::Unified,
            ("archive_relations", "both") => self.relations = Relations::Both,
            ("archive_relations", _) => return Err("'typed', 'unified' or 'both'"),
            ("archive_partition_by", "date") => self.by_service = false,
            ("archive_partition_by", "date, service" | "date,service") => self.by_service = true,
            ("archive_partition_by", _) => return Err("'date' or 'date, service'"),
            ("archive_min_rows", value) => {
                let wanted = "a whole number from 1 on";
                self.min_rows = value.parse().ok().filter(|&rows| rows > 0).ok_or(wanted)?;
            }
            ("archive_when_full", "wait") => self.keeps = true,
            ("archive_when_full", "evict") => self.keeps = false,
            ("archive_when_full", _) => return Err("'wait' or 'evict'"),
            ("acknowledge", "received") => self.acknowledges = false,
            ("acknowledge", "archived") => self.acknowledges = true,
            _ => return Err("'received' or 'archived'"),
        }
        Ok(())
    }
}

impl ArchiveOptions {
    /// Where to archive to, if anywhere.
    ///
    /// # Errors
    /// If that is no place.
    pub(crate) fn target(&self) -> Result<Option<Target>> {
        let target = self.target.as_ref().map(|target| Target::new(target, self)).transpose();
        target.map_err(|message| Fault::new(FaultKind::Binder, message))
    }

    /// An archive of the rings of a receiver, whose target is ready; `None` if nothing is archived.
    ///
    /// # Errors
    /// If that is no place, or one that cannot be written to.
    pub(crate) fn prepare(
        &self,
        receiver: &str,
        rings: &Arc<Rings>,
        database: Arc<dyn Connect>,
    ) -> Result<Option<Prepared>> {
        let path = self.path(receiver, rings, database)?;
        let prepared = path.map(|path| Prepared::new(path, self)).transpose();
        prepared.map_err(|error| {
            Fault::new(FaultKind::Io, format!("The archive cannot be used: {error}"))
        })
    }

    /// The way from the rings of a receiver to there.
    ///
    /// # Errors
    /// As [`ArchiveOptions::target`].
    pub(crate) fn path(
        &self,
        receiver: &str,
        rings: &Arc<Rings>,
        database: Arc<dyn Connect>,
    ) -> Result<Option<Arc<Path>>> {
        let target = self.target()?;
        Ok(target.map(|target| Path::new(receiver, Arc::clone(rings), database, target)))
    }
}
