//! Files in memory, scanned as DuckDB does.

use std::sync::atomic::{AtomicUsize, Ordering};

use duckspan_otlp::relation::{DATA_POINTS, Relation, SPANS};

use super::*;
use crate::conditions::Conditions;
use crate::memory::{Answer, Grant};
use crate::source::OpenFile;
use crate::typed::Wanted;
use crate::vector::sample::Sample;

/// A file of these bytes.
struct File {
    bytes: Vec<u8>,
    at: AtomicUsize,
    is_remote: bool,
    /// Bytes after which it cannot be read.
    broken_at: usize,
}

impl OpenFile for File {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn is_parallel(&self) -> bool {
        true
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.at.load(Ordering::Relaxed);
        let count = self.read_at(buffer, at as u64, false)?;
        self.at.store(at + count, Ordering::Relaxed);
        Ok(count)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64, _: bool) -> io::Result<usize> {
        let rest = &self.bytes[offset as usize..];
        let count = rest.len().min(buffer.len());
        if offset as usize + count > self.broken_at {
            return Err(io::Error::other("the disk is gone"));
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// Memory that is counted.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Grant for Counted {
    fn ask(&self, bytes: usize) -> Answer {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Answer::Granted
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn limit(&self) -> usize {
        1 << 30
    }
}

/// The rows of a column, as people read them.
type Column = Vec<Option<String>>;

/// A query over one file.
struct Query {
    scan: Arc<FileScan>,
    rejects: Arc<Rejects>,
    memory: Arc<Counted>,
}

impl Query {
    fn new(file: File, columns: FileColumns, options: &FileOptions) -> Query {
        let (rejects, memory) = (Arc::<Rejects>::default(), Arc::<Counted>::default());
        let opening = Opening {
            label: Label { filename: "a.json".into(), query_id: 7 },
            files: 1,
            source: Arc::new(file),
            columns,
            rejects: Arc::clone(&rejects),
            memory: Arc::default(),
            lender: Arc::clone(&memory) as Lender,
        };
        Query { scan: Arc::new(FileScan::open(opening, options)), rejects, memory }
    }

    /// Every row of the first so many columns, and the warning.
    fn rows(&self, columns: usize) -> Result<(Vec<Column>, Option<String>)> {
        let mut cursor = self.scan.cursor();
        let (mut found, mut warning) = (vec![Vec::new(); columns], None);
        while cursor.claim()? {
            cursor.prepare()?;
            loop {
                let count = cursor.next(2)?;
                warning = warning.or(cursor.take_warning());
                if count == 0 {
                    break;
                }
                for (column, found) in found.iter_mut().enumerate() {
                    let mut vector = Sample::new(count);
                    cursor.fill(column, Rows::First(count), &mut vector)?;
                    found.extend(vector.rows(count));
                }
            }
        }
        drop(cursor);
        Ok((found, warning))
    }
}

fn file(text: &str) -> File {
    let bytes = text.as_bytes().to_vec();
    File { broken_at: bytes.len(), bytes, at: AtomicUsize::new(0), is_remote: false }
}

/// A line with a span of each of these names, of which times and durations tell the number.
fn line(names: &[&str]) -> String {
    let span = |(number, name): (usize, &&str)| {
        let (start, end) = (1000 * (number + 1), 1000 * (number + 1) + 10 * number);
        format!(
            r#"{{"name":"{name}","startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","attributes":[{{"key":"n","value":{{"intValue":"{number}"}}}}]}}"#
        )
    };
    let spans: Vec<_> = names.iter().enumerate().map(span).collect();
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]}"#;
    format!(
        "{{\"resourceSpans\":[{{\"resource\":{resource},\"scopeSpans\":[{{\"spans\":[{}]}}]}}]}}\n",
        spans.join(",")
    )
}

fn typed(relation: &'static Relation, names: &[(&str, Option<&str>)]) -> FileColumns {
    let wanted = names.iter().map(|(name, key)| Wanted {
        column: relation.columns.iter().position(|column| column.name == *name).expect("a column"),
        key: key.map(str::to_owned),
    });
    FileColumns::Typed(Arc::new(TypedColumns::new(relation, wanted, &Conditions::default())))
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn rows_as_otlp_has_them() {
    let columns = vec![Unified::Timestamp, Unified::Signal, Unified::Resource];
    let text = line(&["a", "b", "c"]);
    let query = Query::new(file(&text), FileColumns::Unified(columns), &FileOptions::new(None));
    let (found, warning) = query.rows(3).expect("rows");
    assert_eq!(found[0], some(&["1", "2", "3"]));
    assert_eq!(found[1], some(&["traces"; 3]));
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]}"#;
    assert_eq!(found[2], some(&[resource; 3]));
    assert_eq!((warning, query.scan.progress()), (None, 100.0));
    assert_eq!(query.memory.0.load(Ordering::Relaxed), 0, "memory is given back");
}

#[test]
fn typed_columns_and_single_attributes() {
    let wanted =
        [("name", None), ("duration_ns", None), ("service_name", None), ("attributes", Some("n"))];
    let options = FileOptions::new(Some(&SPANS));
    let text = line(&["a", "b", "c"]) + &line(&["d"]);
    for is_remote in [false, true] {
        let source = File { is_remote, ..file(&text) };
        let query = Query::new(source, typed(&SPANS, &wanted), &options);
        assert_eq!(query.scan.is_read_ahead(), is_remote);
        query.scan.read_ahead();
        let (found, warning) = query.rows(4).expect("rows");
        assert_eq!(found[0], some(&["a", "b", "c", "d"]));
        assert_eq!(found[1], some(&["0", "10", "20", "0"]));
        assert_eq!(found[2], some(&["s"; 4]));
        assert_eq!(found[3], some(&["0", "1", "2", "0"]));
        assert_eq!(warning, None);
        drop(query.scan);
        assert_eq!(query.memory.0.load(Ordering::Relaxed), 0, "memory is given back");
    }
}

/// What is malformed is skipped and told of, or the error of the query.
#[test]
fn malformed_records() {
    let text = line(&["a"]) + "{\"resourceSpans\":5x}\n" + &line(&["b"]);
    let mut options = FileOptions::new(Some(&SPANS));
    let query = Query::new(file(&text), typed(&SPANS, &[("name", None)]), &options);
    let (found, warning) = query.rows(1).expect("rows");
    assert_eq!(found[0], some(&["a", "b"]));
    let warning = warning.expect("a warning");
    assert!(
        warning.contains("a.json: Skipped 1 malformed record (the first is record 2"),
        "{warning}"
    );
    let mut scan = crate::rejects::RejectsScan::new(&query.rejects, vec![0, 2, 4]);
    let count = scan.next(9).expect("a window");
    for (column, expected) in ["7", "2", "malformed"].into_iter().enumerate() {
        let mut vector = Sample::new(count);
        scan.fill(column, Rows::First(count), &mut vector).expect("a column");
        assert_eq!(vector.rows(count), some(&[expected]));
    }
    options.set("ignore_errors", Some("false")).expect("a flag");
    let query = Query::new(file(&text), typed(&SPANS, &[("name", None)]), &options);
    let fault = query.rows(1).expect_err("malformed");
    assert_eq!(fault.kind, FaultKind::InvalidInput);
    assert!(fault.message.contains("Malformed OTLP in \"a.json\", record 2"), "{fault}");
}

#[test]
fn a_file_without_otlp_is_an_error_and_an_empty_one_is_none() {
    for (text, said) in [("a,b\n1,2\n", "\"a.json\" holds no OTLP"), ("", "")] {
        let columns = FileColumns::Unified(vec![Unified::Data]);
        let query = Query::new(file(text), columns, &FileOptions::new(None));
        match query.rows(1) {
            Ok((found, warning)) => {
                assert!(said.is_empty() && found[0].is_empty() && warning.is_none())
            }
            Err(fault) => assert!(!said.is_empty() && fault.message.contains(said), "{fault}"),
        }
    }
}

/// What DuckDB's file system said is what the shim kept.
#[test]
fn a_file_that_cannot_be_read_is_the_error_of_the_query() {
    let source = File { broken_at: 0, ..file(&line(&["a"])) };
    let query =
        Query::new(source, typed(&SPANS, &[("name", None)]), &FileOptions::new(Some(&SPANS)));
    let fault = query.rows(1).expect_err("unreadable");
    assert_eq!((fault.kind, &*fault.message), (FaultKind::Callback, "the disk is gone"));
    assert_eq!(query.memory.0.load(Ordering::Relaxed), 0, "memory is given back");
}

#[test]
fn a_metric_without_points_is_a_row_but_no_data_point() {
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"none"},{"name":"one","gauge":{"dataPoints":[{"asDouble":1.5}]}}]}]}]}"#;
    let wanted = typed(&DATA_POINTS, &[("name", None), ("value", None)]);
    let query = Query::new(file(text), wanted, &FileOptions::new(Some(&DATA_POINTS)));
    let (found, _) = query.rows(2).expect("rows");
    assert_eq!(found, [some(&["one"]), some(&["1.5"])]);
    let columns = FileColumns::Unified(vec![Unified::Signal]);
    let query = Query::new(file(text), columns, &FileOptions::new(None));
    assert_eq!(query.rows(1).expect("rows").0[0], some(&["metrics"; 2]));
}

/// One cursor goes from file to file.
#[test]
fn a_cursor_enters_other_files() {
    let options = FileOptions::new(Some(&SPANS));
    let [first, second] = [&["a", "b", "c"][..], &["d"]]
        .map(|names| Query::new(file(&line(names)), typed(&SPANS, &[("name", None)]), &options));
    let mut cursor = first.scan.cursor();
    assert!(cursor.claim().expect("a batch"));
    assert_eq!(cursor.next(2).expect("a window"), 2);
    cursor.enter(Arc::clone(&second.scan));
    assert!(cursor.claim().expect("a batch"));
    assert_eq!(cursor.next(2).expect("a window"), 1);
    let mut vector = Sample::new(1);
    cursor.fill(0, Rows::First(1), &mut vector).expect("a column");
    assert_eq!(vector.rows(1), some(&["d"]));
    assert_eq!(cursor.next(2).expect("the end"), 0);
}

#[test]
fn estimates_of_rows() {
    assert_eq!(rows_estimate("a.jsonl", 10_000), 10);
    assert_eq!(rows_estimate("a.json.gz", 15_000), 100);
    assert_eq!(rows_estimate("a.pb", 100), 1);
    assert!(rows_estimate("a.json", 0) > 1_000, "of a size that nobody knows");
}
