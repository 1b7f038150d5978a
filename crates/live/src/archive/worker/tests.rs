use std::time::Duration;

use duckspan_ring::Rings;

use super::*;
use crate::archive::Target;
use crate::sample::{rings, segment, spans};
use crate::sql::fake::{FakeDatabase, Trouble};
use crate::table::LiveTable;

const SPANS: LiveTable = LiveTable::Spans;

/// Longer than any test takes: what is archived before was asked for.
const NEVER: Duration = Duration::from_secs(86_400);

/// Longer than anything is waited for here.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rings, and an archive of theirs.
struct Setup {
    rings: Arc<Rings>,
    database: Arc<FakeDatabase>,
    archive: Archive,
    bell: Bell,
}

impl Setup {
    fn new(options: ArchiveOptions) -> Setup {
        Setup::with(&FakeDatabase::new(), options)
    }

    fn with(database: &Arc<FakeDatabase>, options: ArchiveOptions) -> Setup {
        let (rings, database) = (rings(10), Arc::clone(database));
        let target = Target::new("lake.t", &options).expect("a target");
        let path = Path::new("0abc", Arc::clone(&rings), database.clone(), target);
        let prepared = Prepared::new(path, &options).expect("it is ready");
        let bell = prepared.bell.clone();
        let archive = prepared.start().expect("a thread");
        Setup { rings, database, archive, bell }
    }

    /// Appends so many spans, if there is room.
    fn append(&self, count: u64) -> bool {
        self.rings.try_append(spans("shop", 0..count)).is_ok()
    }

    fn flush(&self) -> Result<u64, String> {
        self.archive.flush(PATIENCE).map(|outcome| outcome.ends[Signal::Traces as usize])
    }

    /// The id of the first span whose sender is not answered yet.
    fn acknowledged(&self) -> u64 {
        self.archive.archiving().end(Signal::Traces)
    }
}

/// Archives nothing by itself.
fn idle() -> ArchiveOptions {
    ArchiveOptions { interval: NEVER, ..ArchiveOptions::default() }
}

#[test]
fn each_row_is_stored_once() {
    let setup = Setup::new(idle());
    assert!(setup.append(2));
    assert_eq!(setup.flush(), Ok(2));
    assert!(setup.append(3));
    setup.rings.append(segment(Signal::Logs, "shop", [r#"{"severityText":"a"}"#]));
    assert_eq!(setup.flush(), Ok(5));
    assert_eq!(setup.flush(), Ok(5));
    assert_eq!(setup.database.stored(SPANS), [(0, 2), (2, 5)]);
    assert_eq!(setup.database.stored(LiveTable::LogRecords), [(0, 1)]);
    assert!(setup.database.stored(LiveTable::DataPoints).is_empty());
    let outcome = setup.archive.outcome();
    assert_eq!((outcome.ends, outcome.error), ([5, 0, 1], None));
    assert!(outcome.time.is_some());
}

/// What came since goes with the next batch, and is not archived before it was.
#[test]
fn a_batch_that_failed_is_tried_again_as_it_was() {
    let setup = Setup::new(idle());
    for part in ["INSERT INTO \"lake\".\"t\".\"spans\"", "COMMIT"] {
        let stored = setup.database.stored(SPANS);
        let end = stored.last().map_or(0, |&(_, end)| end);
        assert!(setup.append(2));
        setup.database.trouble(part, Trouble::Fails);
        assert_eq!(setup.flush(), Err("the disk is full".to_owned()));
        assert_eq!(setup.archive.outcome().error.as_deref(), Some("the disk is full"));
        assert_eq!((setup.database.stored(SPANS), setup.acknowledged()), (stored, end));
        assert!(setup.append(1));
        assert_eq!(setup.flush(), Ok(end + 3));
        let stored = setup.database.stored(SPANS);
        assert_eq!(stored[stored.len() - 2..], [(end, end + 2), (end + 2, end + 3)]);
        assert_eq!((setup.archive.outcome().error, setup.acknowledged()), (None, end + 3));
    }
}

/// As when a server is gone before it said that it is done.
#[test]
fn a_commit_of_which_nobody_knows_is_not_done_again() {
    let setup = Setup::new(idle());
    assert!(setup.append(2));
    setup.database.trouble("COMMIT", Trouble::IsNotHeardOf);
    assert_eq!(setup.flush(), Err("the connection is lost".to_owned()));
    assert_eq!((setup.database.stored(SPANS), setup.acknowledged()), (vec![(0, 2)], 0));
    assert_eq!((setup.flush(), setup.acknowledged()), (Ok(2), 2));
    assert_eq!(setup.database.stored(SPANS), [(0, 2)]);
}

#[test]
fn rows_before_a_mark_are_there() {
    let database = FakeDatabase::new();
    database.mark("traces", 2);
    let setup = Setup::with(&database, idle());
    assert_eq!(setup.acknowledged(), 2);
    assert!(setup.append(3));
    assert_eq!(setup.flush(), Ok(3));
    assert_eq!(database.stored(SPANS), [(2, 3)]);
}

/// None is lost for want of room, and those go first that are stored.
#[test]
fn rows_stay_until_they_are_stored() {
    let setup = Setup::new(idle());
    assert!(setup.append(4));
    assert_eq!(setup.flush(), Ok(4));
    // No batch is stored while its target fails.
    (0..4).for_each(|_| setup.database.trouble("COMMIT", Trouble::Fails));
    assert!(setup.append(4));
    assert!(setup.flush().is_err());
    assert!(setup.append(6));
    let snapshot = setup.rings.snapshot(Signal::Traces);
    assert_eq!(snapshot.first_row_id()..snapshot.next_row_id(), 4..14);
    assert!(!setup.append(1), "four that failed, and six that came since");
    assert!(setup.flush().is_err());
    assert!(!setup.append(1));
    while setup.flush().is_err() {}
    assert!(setup.append(10));
    let stored = setup.database.stored(SPANS);
    assert_eq!(stored.iter().map(|(first, end)| end - first).sum::<u64>(), 14, "{stored:?}");
}

#[test]
fn rows_may_go_before_they_are_stored() {
    let setup = Setup::new(ArchiveOptions { keeps: false, ..idle() });
    setup.database.trouble("COMMIT", Trouble::Fails);
    assert!(setup.append(4));
    assert!(setup.flush().is_err());
    assert!(setup.append(10));
    assert_eq!(setup.rings.stats(Signal::Traces).evicted_rows, 4);
    // The batch holds them nevertheless.
    assert_eq!(setup.flush(), Ok(14));
    assert_eq!(setup.database.stored(SPANS), [(0, 4), (4, 14)]);
}

/// Nobody asks, and the interval is far from over.
#[test]
fn rows_are_stored_before_there_is_no_room() {
    let setup = Setup::new(idle());
    assert!(setup.append(6));
    setup.database.wait_for(SPANS, 6);
}

#[test]
fn who_waits_for_rows_is_heard() {
    let setup = Setup::new(ArchiveOptions { keeps: false, ..idle() });
    assert!(setup.append(1));
    setup.bell.ring();
    setup.database.wait_for(SPANS, 1);
}

#[test]
fn rows_are_stored_from_time_to_time() {
    let interval = Duration::from_millis(1);
    let setup = Setup::new(ArchiveOptions { interval, min_rows: 2, ..ArchiveOptions::default() });
    assert!(setup.append(1));
    assert!(setup.append(1));
    setup.database.wait_for(SPANS, 2);
    assert_eq!(setup.database.stored(SPANS), [(0, 2)], "one row is not enough");
    // On request it is.
    assert!(setup.append(1));
    assert_eq!(setup.flush(), Ok(3));
}

#[test]
fn a_panic_is_an_error_and_no_end() {
    let setup = Setup::new(idle());
    assert!(setup.append(1));
    setup.database.trouble("COMMIT", Trouble::Panics);
    assert!(setup.flush().is_err_and(|error| error.contains("please report it")));
    // It is tried again as it was, like others that failed.
    assert!(setup.append(1));
    assert_eq!(setup.flush(), Ok(2));
    assert_eq!(setup.database.stored(SPANS), [(0, 1), (1, 2)]);
}

#[test]
fn a_database_that_is_closed() {
    let setup = Setup::new(idle());
    assert!(setup.append(1));
    setup.database.close();
    assert_eq!(setup.flush(), Err("the database is closed".to_owned()));
    assert!(setup.database.stored(SPANS).is_empty());
}

/// Whoever detaches does not wait for a statement, and nor does who waits for rows.
#[test]
fn a_statement_ends_with_its_archive() {
    let setup = Setup::new(idle());
    assert!(setup.append(1));
    setup.database.trouble("COMMIT", Trouble::Hangs);
    setup.bell.ring();
    setup.database.wait_for_trouble();
    thread::scope(|scope| {
        let flushed = scope.spawn(|| setup.flush());
        setup.archive.stop();
        assert!(flushed.join().expect("no panic").is_err());
    });
    assert_eq!(setup.archive.outcome().error.as_deref(), Some("Interrupted!"));
    assert!(lock(&setup.archive.thread).is_none());
    setup.archive.stop();
}
