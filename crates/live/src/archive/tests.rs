use std::time::Duration;

use super::*;
use crate::sql::Row;

/// Notes what is run, and answers what the test says.
#[derive(Default)]
struct Script {
    run: Vec<String>,
    answers: Vec<(&'static str, Result<Vec<Row>, SqlError>)>,
}

impl Sql for Script {
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.run.push(sql.to_owned());
        let answer = self.answers.iter().find(|(part, _)| sql.contains(part));
        answer.map_or(Ok(Vec::new()), |(_, answer)| answer.clone())
    }
}

fn row(values: &[&str]) -> Row {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

fn source() -> Source {
    Source { receiver: "0abc".to_owned(), key: "k".to_owned() }
}

fn target(text: &str) -> Target {
    Target::new(text, &ArchiveOptions::default()).expect("a target")
}

/// One span, and nothing else.
fn batch() -> Batch {
    let rings = Rings::new(duckspan_ring::Limits {
        max_rows: 10,
        memory_limit: 1 << 20,
        pinned_limit: u64::MAX,
    });
    let mut builder = duckspan_otlp::SegmentBuilder::new(Signal::Traces);
    let span = [0x0a, 6, 0x12, 4, 0x12, 2, 0x2a, 0];
    builder.push_protobuf(&span).expect("a span");
    rings.append(builder.finish());
    Batch::since(&rings, [0; 3])
}

#[test]
fn names_of_schemas() {
    let cases: [(&str, Option<&[&str]>); 9] = [
        ("lake", Some(&["lake"])),
        ("lake.telemetry", Some(&["lake", "telemetry"])),
        (" lake . telemetry ", Some(&["lake", "telemetry"])),
        ("\"my lake\".\"a.b\"", Some(&["my lake", "a.b"])),
        ("\"say \"\"hi\"\"\".x", Some(&["say \"hi\"", "x"])),
        ("", None),
        ("lake.", None),
        ("\"lake", None),
        ("\"lake\"x", None),
    ];
    for (text, names) in cases {
        let expected = names.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(quote::path(text), expected, "{text}");
    }
    assert!(Target::new("a.b.c", &ArchiveOptions::default()).is_err());
    assert!(matches!(target("s3://bucket/otel/"), Target::Folder(_)));
    assert!(matches!(target("./otel"), Target::Folder(_)));
    #[cfg(unix)]
    for path in ["file:///data/otel", "file:/data/otel", "file://localhost/data/otel/"] {
        assert_eq!(target(path), target("/data/otel"), "{path}");
    }
}

#[test]
fn options_of_archives() {
    let mut options = ArchiveOptions::default();
    for (name, value) in [
        ("archive", "lake"),
        ("archive_interval", "1.5 minutes"),
        ("archive_relations", "Both"),
        ("archive_partition_by", "date, service"),
        ("archive_min_rows", "100"),
        ("archive_when_full", "evict"),
        ("acknowledge", "archived"),
    ] {
        assert_eq!(options.set(name, value), Ok(()), "{name}");
        assert!(options.set(name, if name == "archive" { "" } else { "x" }).is_err(), "{name}");
    }
    assert_eq!(options.interval, Duration::from_secs(90));
    assert_eq!((options.min_rows, options.keeps, options.acknowledges), (100, false, true));
    for bad in ["0s", "10", "s", "1e3s", "-1s", "25h"] {
        assert!(options.set("archive_interval", bad).is_err(), "{bad}");
    }
}

/// Rows and mark are stored in one transaction.
#[test]
fn rows_go_with_their_mark() {
    let mut sql = Script::default();
    target("lake.t").write(&mut sql, &source(), &mut batch()).expect("it is written");
    let [_, begin, statements, commit] = &sql.run[..] else { panic!("{:?}", sql.run) };
    assert_eq!((begin.as_str(), commit.as_str()), ("BEGIN TRANSACTION", "COMMIT"));
    assert!(statements.starts_with(
        "INSERT INTO \"lake\".\"t\".\"spans\" BY NAME FROM __otlp_archive('k', 'spans');"
    ));
    assert!(statements.ends_with("VALUES ('0abc', 'traces', 1);"), "{statements}");
    assert!(!statements.contains("log_records"));
}

/// A commit of which nobody knows how it ended is not done again if its mark is there.
#[test]
fn what_is_there_is_not_stored_again() {
    let answers = vec![("SELECT signal", Ok(vec![row(&["traces", "1"])]))];
    let mut sql = Script { answers, ..Script::default() };
    target("lake.t").write(&mut sql, &source(), &mut batch()).expect("it is there");
    assert_eq!(sql.run.len(), 1, "{:?}", sql.run);
}

#[test]
fn what_fails_is_rolled_back() {
    for part in ["INSERT", "COMMIT"] {
        let answers = vec![(part, Err(SqlError("disk full".to_owned())))];
        let mut sql = Script { answers, ..Script::default() };
        let written = target("lake.t").write(&mut sql, &source(), &mut batch());
        assert_eq!(written, Err(SqlError("disk full".to_owned())));
        assert_eq!(sql.run.last().map(String::as_str), Some("ROLLBACK"));
    }
}

/// DuckDB refuses a database whose checkpoint failed until it is attached anew. Where that fails too, its file is known the
/// next time.
#[test]
fn a_database_that_is_refused_is_attached_anew() {
    let target = target("lake.t");
    let refused = || Err(SqlError("database has been invalidated".to_owned()));
    let file = ("duckdb_databases()", Ok(vec![row(&["it's.db"])]));
    let gone = ("ATTACH IF NOT", Err(SqlError("the disk is away".to_owned())));
    let answers = vec![("SELECT signal", refused()), file, gone];
    let (mut sql, mut detached) = (Script { answers, ..Script::default() }, None);
    assert!(target.mend(&mut sql, &source(), &mut detached).is_err());
    assert_eq!(detached.as_deref(), Some("it's.db"));
    let attach = "ATTACH IF NOT EXISTS 'it''s.db' AS \"lake\"";
    assert_eq!(sql.run[2..], ["DETACH \"lake\"", attach]);
    let mut sql = Script::default();
    assert_eq!(target.mend(&mut sql, &source(), &mut detached), Ok(()));
    assert_eq!((sql.run[0].as_str(), detached), (attach, None));
    // One of another kind, or with a key that only its owner has, is left alone; so is one that failed otherwise.
    for answer in [refused(), Err(SqlError("the disk is full".to_owned()))] {
        let mut sql = Script { answers: vec![("SELECT signal", answer)], ..Script::default() };
        assert_eq!(target.mend(&mut sql, &source(), &mut None), Ok(()));
        assert!(!sql.run.iter().any(|sql| sql.contains("TACH ")), "{:?}", sql.run);
    }
}

/// Columns that a table of an older version lacks are added to it.
#[test]
fn tables_get_the_columns_they_lack() {
    let answers = vec![
        (
            "__otlp_archive('k', 'spans'))",
            Ok(vec![row(&["name", "VARCHAR"]), row(&["a b", "INTEGER"])]),
        ),
        ("DESCRIBE FROM \"lake\".\"t\".\"spans\"", Ok(vec![row(&["NAME", "VARCHAR"])])),
    ];
    let mut sql = Script { answers, ..Script::default() };
    target("lake.t").prepare(&mut sql, &source()).expect("it is ready");
    let added: Vec<_> = sql.run.iter().filter(|sql| sql.starts_with("ALTER")).collect();
    assert_eq!(added, ["ALTER TABLE \"lake\".\"t\".\"spans\" ADD COLUMN \"a b\" INTEGER"]);
}

/// Where a catalog cannot add one, the error says which.
#[test]
fn a_column_that_cannot_be_added() {
    let answers = vec![
        ("__otlp_archive('k', 'spans'))", Ok(vec![row(&["name", "VARCHAR"])])),
        ("ALTER", Err(SqlError("not supported".to_owned()))),
    ];
    let mut sql = Script { answers, ..Script::default() };
    let error = target("lake.t").prepare(&mut sql, &source()).expect_err("it lacks a column");
    let expected = "the table \"lake\".\"t\".\"spans\" lacks the column \"name\" VARCHAR, and cannot get it: \
                    not supported";
    assert_eq!(error.0, expected);
}

/// What is stored of a batch that failed is not stored again.
#[test]
fn files_of_a_batch_that_failed() {
    let parts = Ok(vec![row(&["2026-11-28", "a", "a"]), row(&["2026-11-29", "a", "a"])]);
    let (target, mut batch) = (target("s3://bucket/otel"), batch());
    let copies = |sql: &Script| sql.run.iter().filter(|sql| sql.starts_with("COPY")).count();
    let failure = Err(SqlError("disk full".to_owned()));
    let answers = vec![("SELECT DISTINCT", parts.clone()), ("date=2026-11-29/", failure)];
    let mut sql = Script { answers, ..Script::default() };
    assert!(target.write(&mut sql, &source(), &mut batch).is_err());
    assert_eq!(copies(&sql), 2);
    let mut sql = Script { answers: vec![("SELECT DISTINCT", parts)], ..Script::default() };
    assert_eq!(target.write(&mut sql, &source(), &mut batch), Ok(()));
    assert_eq!(copies(&sql), 1);
}

/// Files say how far a receiver is archived.
#[test]
fn files_are_marks() {
    let name = "x/otel/spans/date=2026-11-28/0abc-5-17.parquet";
    let answers = vec![(
        "/spans/",
        Ok(vec![row(&["x/otel/spans/date=2026-11-27/0abc-0-5.parquet"]), row(&[name])]),
    )];
    let mut sql = Script { answers, ..Script::default() };
    assert_eq!(target("x/otel").ends(&mut sql, &source()), Ok([17, 0, 0]));
    assert!(sql.run[0].contains("'x/otel/spans/**/0abc-*.parquet'"), "{:?}", sql.run);
}

#[test]
fn ids_are_unique_and_sort_by_time() {
    let first = unique_id();
    std::thread::sleep(Duration::from_millis(2));
    let second = unique_id();
    assert!(first < second && first.len() == 32, "{first} {second}");
}
