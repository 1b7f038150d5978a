//! What a segment does not hold is never read as NULL: whoever asks for it is stopped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::file::{Batches, Options, Worker};
use crate::kept::{Kept, Projection, RowForm};
use crate::relation::{Bound, Column, Filter, Plan, SPANS, Summary, Values, Window};
use crate::render;
use crate::schema::SPAN;
use crate::segment::{Segment, text};

/// A span as it is rendered, so that it may stay text. Names of members are compared in blocks, so more is behind it.
const RECORD: &str = concat!(
    r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":"#,
    r#"{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[{"name":"checkout","#,
    r#""startTimeUnixNano":"1000","endTimeUnixNano":"3000","flags":1}]}],"schemaUrl":"https://a.b/1"}]}"#
);

fn segment(needed: Kept) -> Segment {
    let options = Options { needed, ..Options::default() };
    let mut batches = Batches::new(RECORD.as_bytes(), &options, RECORD.len());
    let batch = batches.next_batch(|_| Ok(())).expect("memory does not fail").expect("a record");
    Worker::new().decode(&batch, &options).segments.remove(0)
}

fn column(name: &str) -> &'static Column {
    SPANS.column(name).expect("a column")
}

fn values(segment: &Segment, name: &str) -> String {
    let plan = Plan::new(&SPANS, [column(name)]);
    let mut window = Window::new();
    window.open(&plan, segment, [0]);
    let mut values = Values::new(&column(name).kind);
    window.read(&plan, segment, 0, &mut values);
    assert!(!values.nulls.contains(0), "{name} is NULL");
    match &values.data {
        crate::relation::Data::Text(texts) => {
            String::from_utf8_lossy(texts.get(0, segment)).into_owned()
        }
        other => format!("{other:?}"),
    }
}

fn rendered(segment: &Segment) -> String {
    let mut data = Vec::new();
    render::data(segment, 0, &mut data);
    String::from_utf8(data).expect("JSON is UTF-8")
}

fn passes(segment: &Segment, name: &str, bound: &Bound) -> String {
    let mut filter = Filter::new(&SPANS);
    assert!(filter.require(column(name), bound), "{name} can be told");
    let mut rows = Vec::new();
    filter.select(segment, 0..1, 1, &mut rows);
    assert_eq!(rows, [0], "{name} does not pass");
    "passes".to_owned()
}

type Reading = (&'static str, fn(&Segment) -> String);

const READINGS: [Reading; 10] = [
    ("name", |segment| values(segment, "name")),
    ("duration", |segment| values(segment, "duration_ns")),
    ("start", |segment| values(segment, "start_time_unix_nano")),
    ("service", |segment| values(segment, "service_name")),
    ("data", rendered),
    ("resource", |segment| {
        let mut out = Vec::new();
        assert!(render::resource(segment, segment.resource_of(0), &mut out), "a resource");
        String::from_utf8(out).expect("JSON is UTF-8")
    }),
    ("named", |segment| passes(segment, "name", &Bound::OneOf(vec![b"checkout".to_vec()]))),
    ("started", |segment| passes(segment, "start_time_unix_nano", &Bound::Range(1000..=1000))),
    ("request", |segment| {
        let mut request = Vec::new();
        segment.put_request(0..1, &mut request);
        format!("{request:x?}")
    }),
    ("summary", |segment| format!("{:?}", Summary::new(segment))),
];

#[test]
fn what_is_not_there_is_not_read_as_absent() {
    let narrow = Projection { row: SPAN.bit("name"), ..Projection::NOTHING };
    let times_of = Projection { resource: true, ..Projection::TIMES };
    let rows = |parts, rows| Kept { parts, rows };
    let cases: [(Kept, &[&str]); 5] = [
        (
            rows(Projection::ALL, RowForm::Text),
            &["start", "service", "data", "resource", "started"],
        ),
        (Kept::RENDERED, &["start", "data", "started"]),
        (rows(times_of, RowForm::Times), &["start", "service", "resource", "started"]),
        (rows(Projection::TIMES, RowForm::Times), &["start", "started"]),
        (narrow.into(), &["name", "named"]),
    ];
    let whole = segment(Kept::ALL);
    for (kept, readable) in cases {
        let part = segment(kept);
        assert_eq!(part.kept(), kept);
        let is_text = part.message(0).is_some_and(|row| text::of_row(row).is_some());
        assert_eq!(is_text, kept.rows != RowForm::Messages, "{kept:?}");
        for (name, read) in READINGS {
            let found = catch_unwind(AssertUnwindSafe(|| read(&part))).ok();
            let expected = readable.contains(&name).then(|| read(&whole));
            assert_eq!(found, expected, "{name} of {kept:?}");
        }
    }
}

/// Rows of several segments hold no more than each of them does.
#[test]
fn what_is_merged_holds_what_all_hold() {
    let (whole, text) = (segment(Kept::ALL), segment(Kept::RENDERED));
    let merged = Segment::merge(SPANS.signal, &[(&whole, 0..1), (&text, 0..1)]);
    assert_eq!(merged.kept(), Kept::RENDERED);
    assert_eq!(Segment::merge(SPANS.signal, &[(&whole, 0..1)]).kept(), Kept::ALL);
}
