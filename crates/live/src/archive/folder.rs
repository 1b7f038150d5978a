//! Archives in Parquet files: `folder/spans/date=2026-11-28/receiver-first-end.parquet`.
//!
//! A file is named by the receiver and the rows that its batch has, so that it is written once: to a folder of its own
//! first, and moved from there, where files can be moved. A reader never sees half of one.

use duckspan_otlp::Signal;

use super::options::ArchiveOptions;
use super::{Batch, Ends, Source, durable, quote};
use crate::sql::{Sql, SqlError};
use crate::table::LiveTable;

/// Where files are written to, below the folder.
const UNFINISHED: &str = ".unfinished";

/// A folder, which may be one of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    path: String,
    tables: Vec<LiveTable>,
    by_service: bool,
}

impl Folder {
    pub(super) fn new(path: &str, options: &ArchiveOptions) -> Folder {
        let path = local(path).trim_end_matches(['/', '\\']).to_owned();
        Folder { path, tables: options.relations.tables(), by_service: options.by_service }
    }

    /// Whether files are put whole, and cannot be moved.
    fn is_remote(&self) -> bool {
        self.path.contains("://")
    }

    fn of(&self, table: LiveTable) -> String {
        format!("{}/{}", self.path, table.name())
    }

    fn files(&self, table: LiveTable) -> String {
        quote::text(&format!("{}/**/*.parquet", self.of(table)))
    }

    /// Sees to it that each table has a file, if without rows: readers find its columns then.
    pub(super) fn prepare(&self, sql: &mut dyn Sql, source: &Source) -> Result<(), SqlError> {
        for &table in &self.tables {
            let found =
                sql.run(&format!("SELECT file FROM glob({}) LIMIT 1", self.files(table)))?;
            if found.is_empty() {
                let rows = format!("FROM {} LIMIT 0", source.table(table));
                let folder = self.empty_partition(table);
                self.write_file(sql, source, &rows, &folder, "columns.parquet")?;
            }
        }
        Ok(())
    }

    fn empty_partition(&self, table: LiveTable) -> String {
        let service =
            if self.by_service { format!("/service={}", or_none(None)) } else { String::new() };
        format!("{}/date={}{service}", self.of(table), or_none(None))
    }

    /// Files of a receiver say how far it is archived; all tables of a signal have to be.
    pub(super) fn ends(&self, sql: &mut dyn Sql, source: &Source) -> Result<Ends, SqlError> {
        let mut ends = [None::<u64>; Signal::ALL.len()];
        for &table in &self.tables {
            let Some(signal) = table.signal() else { continue };
            let files =
                quote::text(&format!("{}/**/{}-*.parquet", self.of(table), source.receiver));
            let rows = sql.run(&format!("SELECT file FROM glob({files})"))?;
            let names = rows.iter().filter_map(|row| row.first()?.as_deref());
            let end = names.filter_map(end_of).max().unwrap_or(0);
            let known = &mut ends[signal as usize];
            // A batch may have been stored for one table and not for the next: only what all of them have is
            // archived.
            *known = Some(known.map_or(end, |known| known.min(end)));
        }
        Ok(ends.map(Option::unwrap_or_default))
    }

    pub(super) fn write(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        batch: &mut Batch,
    ) -> Result<(), SqlError> {
        for &table in &self.tables {
            if let Some(signal) = table.signal().filter(|&signal| batch.rows(signal) > 0) {
                self.write_table(sql, source, table, signal, batch)?;
            }
        }
        Ok(())
    }

    /// One file for each date, and service: of several files of a part it would not be known which rows each has,
    /// should it be written once more.
    fn write_table(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        table: LiveTable,
        signal: Signal,
        batch: &mut Batch,
    ) -> Result<(), SqlError> {
        let rows = source.table(table);
        let date = format!("CAST({} AS DATE)", time_of(table));
        let service = if self.by_service { service_of(table) } else { "NULL" };
        let parts = sql.run(&format!(
            "SELECT date, service, url_encode(service) FROM (SELECT DISTINCT {date} AS date, {service} AS service \
             FROM {rows}) ORDER BY ALL"
        ))?;
        // The condition of a single part holds of all rows, and asking each of them takes a tenth of the time.
        let is_whole = parts.len() == 1;
        for part in parts {
            let [day, name, encoded] = part.try_into().unwrap_or_default();
            let is = |value: &Option<String>| match value {
                Some(value) => format!("= {}", quote::text(value)),
                None => "IS NULL".to_owned(),
            };
            let mut folder = format!("{}/date={}", self.of(table), or_none(day.as_deref()));
            let mut condition = format!("WHERE {date} {}", is(&day));
            if self.by_service {
                folder = format!("{folder}/service={}", or_none(encoded.as_deref()));
                condition = format!("{condition} AND {service} {}", is(&name));
            }
            if is_whole {
                condition.clear();
            }
            // The name says what is in the file, so a second attempt writes the same file, not another one.
            let (first, end) = (batch.first(signal), batch.end(signal));
            let file = format!("{}-{first}-{end}.parquet", source.receiver);
            let target = format!("{folder}/{file}");
            if !batch.stored.contains(&target) {
                let rows = format!("FROM {rows} {condition}");
                self.write_file(sql, source, &rows, &folder, &file)?;
                batch.stored.push(target);
            }
        }
        Ok(())
    }

    fn write_file(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        query: &str,
        folder: &str,
        file: &str,
    ) -> Result<(), SqlError> {
        let target = format!("{folder}/{file}");
        if self.is_remote() {
            return copy(sql, query, &target);
        }
        let unfinished = format!("{}/{UNFINISHED}", self.path);
        create(folder)?;
        // Below the same folder, so that files can be moved from there.
        create(&unfinished)?;
        // Of other receivers there may be files of that name.
        let written = format!("{unfinished}/{}.parquet", source.receiver);
        copy(sql, query, &written)?;
        durable::rename(&written, &target)
            .map_err(|error| SqlError(format!("{written} cannot be moved to {folder}: {error}")))
    }

    /// Files of this receiver count as far as the transaction knows them archived: what came since is in `live`.
    pub(super) fn union(&self, receiver: &str, live: &str, table: LiveTable) -> String {
        let live = quote::name(live);
        let signal = quote::text(table.signal().map_or("", Signal::name));
        let archived = format!("(SELECT archived FROM {live}.main.stats WHERE signal = {signal})");
        let mine = format!("'{receiver}-(\\d+)-\\d+\\.parquet$'");
        let first = format!("TRY_CAST(regexp_extract(filename, {mine}, 1) AS UBIGINT)");
        let partitions = if self.by_service { "date, service" } else { "date" };
        format!(
            "SELECT * EXCLUDE (filename, {partitions}) FROM read_parquet({}, filename = true, hive_partitioning = true, \
             union_by_name = true) WHERE coalesce({first} < {archived}, true) UNION ALL BY NAME SELECT * \
             FROM {live}.main.{} WHERE rowid >= {archived}",
            self.files(table),
            quote::name(table.name())
        )
    }
}

/// A path of this machine without the `file:` that it may be written with, so that it is seen to be one.
fn local(path: &str) -> &str {
    if !cfg!(unix) {
        return path;
    }
    let schemes = ["file://localhost", "file://", "file:"];
    let mut rests = schemes.into_iter().filter_map(|scheme| path.strip_prefix(scheme));
    rests.find(|rest| rest.starts_with('/')).unwrap_or(path)
}

fn copy(sql: &mut dyn Sql, query: &str, file: &str) -> Result<(), SqlError> {
    let file = quote::text(file);
    let options = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false";
    sql.run(&format!("COPY ({query}) TO {file} ({options})")).map(drop)
}

fn create(folder: &str) -> Result<(), SqlError> {
    durable::create_folder(folder)
        .map_err(|error| SqlError(format!("the folder {folder} cannot be made: {error}")))
}

/// A value as hive partitions write it.
fn or_none(value: Option<&str>) -> &str {
    value.unwrap_or("__HIVE_DEFAULT_PARTITION__")
}

/// The column of a table that its rows are dated by.
fn time_of(table: LiveTable) -> &'static str {
    match table {
        LiveTable::Spans => "start_time_unix_nano",
        LiveTable::LogRecords => "coalesce(time_unix_nano, observed_time_unix_nano)",
        LiveTable::DataPoints => "time_unix_nano",
        _ => "\"timestamp\"",
    }
}

/// The service that a row is of.
fn service_of(table: LiveTable) -> &'static str {
    match table.relation() {
        Some(_) => "service_name",
        None => {
            "list_filter(from_json(resource->'attributes', '[\"JSON\"]'), lambda one: one->>'key' = 'service.name')[1]\
             ->'value'->>'stringValue'"
        }
    }
}

/// The id behind the last row of a file, by its name.
fn end_of(path: &str) -> Option<u64> {
    let name = path.rsplit(['/', '\\']).next()?.strip_suffix(".parquet")?;
    name.rsplit('-').next()?.parse().ok()
}
