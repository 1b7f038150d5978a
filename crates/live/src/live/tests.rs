use super::*;
use crate::insert::LiveInsert;
use crate::sample::{read, spans};
use crate::sql::fake::{FakeDatabase, Trouble};

const TRACES: LiveTable = LiveTable::Traces;

fn options(given: &[(&str, &str)]) -> LiveOptions {
    let mut options = LiveOptions::new("otlp://127.0.0.1:0").expect("an address");
    for (name, value) in given {
        options.set(name, value).expect("an option");
    }
    options
}

/// A receiver, at a port that is free.
fn live(given: &[(&str, &str)], database: &Arc<FakeDatabase>) -> Arc<Live> {
    let (options, database) = (options(given), Arc::clone(database));
    Arc::new(Live::start(&options, None, database, Page::default()).expect("a receiver"))
}

/// One that archives when it is told to.
fn archiving(database: &Arc<FakeDatabase>) -> Arc<Live> {
    let given = [("archive", "lake.t"), ("archive_interval", "24h"), ("max_rows", "10")];
    live(&given, database)
}

fn insert(live: &Arc<Live>, names: &[&str]) -> Result<u64> {
    let mut insert = LiveInsert::new(Arc::clone(live), TRACES)?;
    for name in names {
        insert.push(None, None, Some(&format!(r#"{{"name":"{name}"}}"#)))?;
    }
    insert.finish()
}

fn names(view: &View) -> Vec<String> {
    read(view, TRACES, &["rowid", "data->>name"])
}

/// It removes what it saw, and no row that came since; other tables stay as they were for it.
#[test]
fn what_a_transaction_sees_after_it_removed_rows() {
    let live = live(&[], &FakeDatabase::new());
    insert(&live, &["a", "b"]).expect("rows");
    let view = live.view();
    insert(&live, &["c"]).expect("rows");
    let (rows, after) = live.truncate(&view, TRACES).expect("rows");
    assert_eq!(
        (rows, names(&view), names(&after)),
        (2, ["0 a", "1 b"].map(str::to_owned).to_vec(), vec![])
    );
    assert_eq!(names(&live.view()), ["2 c"]);
    assert_eq!(read(&after, LiveTable::Stats, &["rows", "received", "cleared"])[0], "0 2 2");
    assert_eq!(live.truncate(&after, TRACES).expect("none").0, 0);
}

#[test]
fn what_a_transaction_sees_after_it_inserted_rows() {
    let live = live(&[], &FakeDatabase::new());
    let view = live.view();
    insert(&live, &["a"]).expect("rows");
    assert!(names(&view).is_empty());
    assert_eq!(names(&live.view_after_insert(&view, TRACES)), ["0 a"]);
    assert!(names(&live.view_after_insert(&view, LiveTable::Logs)).is_empty());
    assert!(names(&live.view_after_insert(&view, LiveTable::Stats)).is_empty());
}

#[test]
fn tables_that_cannot_be_changed() {
    let live = live(&[], &FakeDatabase::new());
    for (table, hint) in [
        (LiveTable::Spans, "change those"),
        (LiveTable::DataPoints, "\"metrics\""),
        (LiveTable::Stats, "stats"),
    ] {
        let fault = live.truncate(&live.view(), table).map(drop).expect_err("read only");
        assert!(fault.message.contains(hint), "{fault}");
        let fault = LiveInsert::new(Arc::clone(&live), table).map(drop).expect_err("read only");
        assert!(fault.message.contains("cannot be changed"), "{fault}");
    }
}

#[test]
fn memory_that_is_full_of_what_is_not_archived() {
    let database = FakeDatabase::new();
    let live = archiving(&database);
    // Whoever is told that there is hardly room tries again and again.
    (0..1000).for_each(|_| database.trouble("COMMIT", Trouble::Fails));
    insert(&live, &["row"; 10]).expect("there is room");
    let fault = insert(&live, &["one too many"]).expect_err("there is no room");
    assert!(fault.message.contains("try again, or see live.stats"), "{fault}");
    assert_eq!(live.view().rows(TRACES).expect("rows"), 10);
}

#[test]
fn what_is_archived_on_request() {
    let database = FakeDatabase::new();
    let live = archiving(&database);
    insert(&live, &["a", "b"]).expect("rows");
    assert_eq!(live.flush().expect("archived"), 2);
    assert_eq!(live.flush().expect("archived"), 0);
    insert(&live, &["c"]).expect("rows");
    // Its own place is not written to by two.
    assert_eq!(live.archive_once("lake.t", database.clone()).expect("archived"), 1);
    assert_eq!(database.stored(LiveTable::Spans), [(0, 2), (2, 3)]);
    let other = FakeDatabase::new();
    assert_eq!(live.archive_once("other", other.clone()).expect("archived"), 3);
    assert_eq!(live.archive_once("other", other.clone()).expect("archived"), 0);
    assert_eq!(other.stored(LiveTable::Spans), [(0, 3)]);
    let stats = ["archived", "waiting", "archive_error"];
    assert_eq!(read(&live.view(), LiveTable::Stats, &stats)[0], "3 0 NULL");
}

#[test]
fn nothing_is_archived_unless_that_is_asked_for() {
    let live = live(&[], &FakeDatabase::new());
    let fault = live.flush().expect_err("no archive");
    assert!(fault.message.contains("option archive of ATTACH"), "{fault}");
    assert_eq!(live.union("live", LiveTable::Spans).expect("no archive"), None);
}

#[test]
fn archived_rows_are_part_of_a_relation_with_the_others() {
    let live = archiving(&FakeDatabase::new());
    let union = live.union("my live", LiveTable::Spans).expect("a place").expect("SQL");
    assert!(union.starts_with("SELECT * FROM \"lake\".\"t\".\"spans\" UNION ALL"), "{union}");
    assert!(union.contains("FROM \"my live\".main.\"spans\" WHERE rowid >="), "{union}");
    assert_eq!(live.union("live", LiveTable::Traces).expect("a place"), None);
}

#[test]
fn what_is_left_is_archived_at_the_end() {
    let database = FakeDatabase::new();
    let live = archiving(&database);
    insert(&live, &["a", "b"]).expect("rows");
    assert_eq!(live.detach(), None);
    assert_eq!(database.stored(LiveTable::Spans), [(0, 2)]);
    assert_eq!(live.detach(), None);
}

#[test]
fn what_could_not_be_archived_is_told() {
    let database = FakeDatabase::new();
    let live = archiving(&database);
    insert(&live, &["a", "b"]).expect("rows");
    database.trouble("COMMIT", Trouble::Fails);
    let lost = live.detach().expect("rows that were lost");
    let path = live.path();
    assert_eq!(lost, format!("2 rows of {path} were not archived: the disk is full"));
}

#[test]
fn an_archive_that_cannot_be_used_is_no_receiver() {
    let database = FakeDatabase::new();
    database.trouble("CREATE SCHEMA", Trouble::Fails);
    let started = Live::start(&options(&[("archive", "lake")]), None, database, Page::default());
    let fault = started.map(drop).expect_err("no archive");
    assert_eq!(fault.message, "The archive cannot be used: the disk is full");
}

/// The port of a receiver.
fn port(live: &Live) -> String {
    live.path().rsplit(':').next().expect("a port").to_owned()
}

#[test]
fn one_takes_the_place_of_another() {
    let first = live(&[], &FakeDatabase::new());
    let place = format!("otlp://127.0.0.1:{}", port(&first));
    let same = LiveOptions::new(&place).expect("an address");
    assert!(!first.differs(&same));
    let mut other = same.clone();
    other.set("max_rows", "5").expect("an option");
    assert!(first.differs(&other));
    let start = |options: &LiveOptions, previous: Option<&Live>| {
        Live::start(options, previous, FakeDatabase::new(), Page::default())
    };
    assert!(start(&other, None).is_err_and(|fault| fault.message.contains("already in use")));
    assert!(first.receiver().is_running());
    let second = start(&other, Some(&first)).expect("the place of the first");
    assert_eq!(second.path(), first.path());
    assert!(!first.receiver().is_running() && second.receiver().is_running());
}

/// Its second port is somebody's, so the one before goes on.
#[test]
fn one_that_cannot_start_leaves_the_place_to_the_other() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().map(|address| (address.port(), taken)).expect("an address");
    let first = live(&[], &FakeDatabase::new());
    let place = format!("otlp://127.0.0.1:{}", port(&first));
    let mut other = LiveOptions::new(&place).expect("an address");
    other.set("http_port", &taken.0.to_string()).expect("an option");
    let started = Live::start(&other, Some(&first), FakeDatabase::new(), Page::default());
    assert!(started.is_err());
    assert!(first.receiver().is_running());
    assert_eq!(first.path(), place);
}

/// Rows that came over the wire are appended as these are.
#[test]
fn memory_is_that_of_rows() {
    let live = live(&[], &FakeDatabase::new());
    assert_eq!(live.memory(), 0);
    live.append(spans("shop", 0..100)).expect("room");
    let bytes = read(&live.view(), LiveTable::Stats, &["bytes"]).swap_remove(0);
    assert_eq!(live.memory().to_string(), bytes);
}
