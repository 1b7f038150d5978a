use super::*;

fn given(columns: &str) -> Vec<Given> {
    let column = |pair: &str| {
        let (name, kind) = pair.split_once(':').unwrap_or((pair, "VARCHAR"));
        Given { name: name.to_owned(), kind: kind.to_owned() }
    };
    columns.split(' ').map(column).collect()
}

fn told<T>(outcome: Result<T>) -> String {
    outcome.err().map(|fault| fault.to_string()).unwrap_or_default()
}

fn options(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const UNIFIED: &str = "timestamp:TIMESTAMP resource:JSON data:JSON";

fn copy(path: &str, pairs: &[(&str, &str)]) -> Result<CopyTo> {
    CopyTo::new(path, &given(UNIFIED), &options(pairs))
}

#[test]
fn names_of_files_and_options_say_how() {
    let how = |path, pairs| {
        copy(path, pairs).map(|copy| match copy.target {
            Target::File(FileFormat { encoding, compression }) => (encoding, compression),
            Target::Upstream(upstream) => panic!("{upstream:?} is no file"),
        })
    };
    assert_eq!(how("x.json.gz", &[]).expect("good"), (Encoding::Json, Compression::Gzip));
    let pairs = [("encoding", "Length_Prefixed"), ("compression", "zstd")];
    let found = how("x.json", &pairs).expect("good");
    assert_eq!(found, (Encoding::LengthPrefixed, Compression::Zstd));
    assert!(told(how("x", &[("encoding", "xml")])).contains("'length_prefixed'"));
    assert!(told(how("x", &[("compression", "lz4")])).contains("'zstd'"));
    assert!(told(how("x", &[("delimiter", ";")])).contains("no option delimiter"));
    for path in ["otlp://localhost:4317", "https://localhost:4318"] {
        assert!(copy(path, &[("compression", "gzip")]).expect("good").sends());
        assert!(told(copy(path, &[("encoding", "json")])).contains("no option encoding"));
    }
}

#[test]
fn rows_at_the_pace_of_their_times_come_in_order() {
    let (to, speed) = ("otlp://localhost", [("speed", "1.0")]);
    assert_eq!(copy(to, &speed).expect("good").ordered_by(), Some(0));
    assert_eq!(copy(to, &[]).expect("good").ordered_by(), None);
    assert!(told(copy("x.jsonl", &speed)).contains("speed is for rows that are sent"));
    let untimed = CopyTo::new(to, &given("resource:JSON data:JSON"), &options(&speed));
    assert!(told(untimed).contains("the query has none"));
}

#[test]
fn columns_make_a_row() {
    let found = columns_of(&given("signal a DATA resource:JSON")).expect("good");
    let expected = Columns { timestamp: None, resource: 3, data: 2, signal: Some(0) };
    assert_eq!(found, expected);
    assert!(told(columns_of(&given("resource data:STRUCT(a)"))).contains("STRUCT(a)"));
    assert!(told(columns_of(&given("resource b"))).contains("no such columns"));
    let typed = told(columns_of(&given("name duration_ns:BIGINT")));
    assert!(typed.contains("typed columns of spans") && typed.contains("live.traces"), "{typed}");
}

fn row<'a>(data: &'a str, signal: Option<&'a str>) -> CopyRow<'a> {
    CopyRow { timestamp: None, resource: None, data: Some(data), signal }
}

#[test]
fn rows_of_all_signals_become_lines() {
    let copy = copy("x.jsonl", &[]).expect("good");
    let (file, mut rows) = (copy.file().expect("a file"), copy.rows(None));
    rows.push(row(r#"{"name":"a","spanId":"0101010101010101"}"#, None)).expect("a span");
    rows.push(row(r#"{"body":{"stringValue":"b"}}"#, Some("logs"))).expect("a log record");
    rows.push(row(r#"{"name":"c","startTimeUnixNano":"1"}"#, None)).expect("a span");
    assert!(rows.pieces.is_empty());
    rows.finish().expect("rows");
    let text = String::from_utf8(file.add(&mut rows).expect("lines")).expect("UTF-8");
    let expected = [
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"0101010101010101","name":"a"},{"name":"c","startTimeUnixNano":"1"}]}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"b"}}]}]}]}"#,
        "",
    ];
    assert_eq!(text, expected.join("\n"));
    assert_eq!(file.end().expect("nothing"), b"");
}

#[test]
fn rows_that_are_none_are_told() {
    let copy = copy("x.json", &[]).expect("good");
    let pushed = |row| told(copy.rows(None).push(row));
    assert!(pushed(CopyRow { data: None, ..row("", None) }).contains("data is NULL"));
    assert!(pushed(row("{}", Some("profiles"))).contains("'profiles' is no signal"));
    assert!(pushed(row(r#"{"mine":1}"#, None)).contains("begins \"{\\\"mine\\\":1}\""));
    assert!(pushed(row("[]", None)).contains("not a JSON object"));
    let (file, mut rows) = (copy.file().expect("a file"), copy.rows(None));
    rows.push(row(r#"{"parentSpanId":"0101010101010101"}"#, None)).expect("a span");
    rows.push(row(r#"{"body":{}}"#, None)).expect("a log record");
    rows.finish().expect("rows");
    assert!(told(file.add(&mut rows)).contains("WHERE signal = 'traces'"));
}

#[test]
fn many_rows_are_many_requests() {
    let copy = copy("x.jsonl", &[]).expect("good");
    let mut rows = copy.rows(None);
    for _ in 0..REQUEST_ROWS {
        assert!(rows.pieces.is_empty());
        rows.push(row(r#"{"spanId":"0101010101010101"}"#, None)).expect("a span");
    }
    assert_eq!(rows.pieces.iter().map(Piece::rows).collect::<Vec<_>>(), [REQUEST_ROWS]);
}
