use super::*;
use crate::render;
use crate::segment::SegmentBuilder;
use crate::wire::put_len;

/// A message of fields with a length.
fn message(fields: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, content) in fields {
        put_len(&mut out, *number, content);
    }
    out
}

fn fixed64(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 1);
    out.extend_from_slice(&value.to_le_bytes());
    out
}

fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 0);
    put_varint(&mut out, value);
    out
}

fn resource(service: &str) -> Vec<u8> {
    let value = message(&[(1, service.as_bytes())]);
    message(&[(1, &message(&[(1, b"service.name"), (2, &value)]))])
}

fn span(name: &str, time: u64) -> Vec<u8> {
    [message(&[(5, name.as_bytes())]), fixed64(7, time)].concat()
}

/// A request of one resource and one scope.
fn request(service: &str, scope: &str, elements: &[Vec<u8>]) -> Vec<u8> {
    let scope = message(&[(1, scope.as_bytes())]);
    let mut scoped = message(&[(1, &scope)]);
    for element in elements {
        put_len(&mut scoped, 2, element);
    }
    message(&[(1, &message(&[(1, &resource(service)), (2, &scoped)]))])
}

fn segment(signal: Signal, requests: &[Vec<u8>]) -> Segment {
    let mut builder = SegmentBuilder::new(signal);
    for request in requests {
        builder.push_protobuf(request).expect("a request");
    }
    builder.finish()
}

fn spans(service: &str, names: &[&str]) -> Segment {
    let spans: Vec<Vec<u8>> = names.iter().map(|name| span(name, 7)).collect();
    segment(Signal::Traces, &[request(service, "scope", &spans)])
}

/// All that can be read of rows.
fn read(segment: &Segment, rows: Range<usize>) -> Vec<(Option<i64>, String, String)> {
    let mut renderer = render::Renderer::new(segment);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("JSON is UTF-8");
    rows.map(|row| {
        let (mut resource, mut data) = (Vec::new(), Vec::new());
        render::resource(segment, segment.resource_of(row), &mut resource);
        renderer.data(row, &mut data);
        (segment.time(row), text(resource), text(data))
    })
    .collect()
}

/// Merges, and checks that every row reads as before and that memory was foreseen.
fn merged(signal: Signal, runs: &[(&Segment, Range<usize>)]) -> Segment {
    let merged = Segment::merge(signal, runs);
    let before: Vec<_> =
        runs.iter().flat_map(|(segment, rows)| read(segment, rows.clone())).collect();
    assert_eq!(read(&merged, 0..merged.len()), before);
    let foreseen: usize = runs
        .iter()
        .flat_map(|(segment, rows)| segment.cut(rows.clone(), usize::MAX, usize::MAX))
        .map(|run| run.memory)
        .sum();
    assert!(merged.memory() <= foreseen, "{} > {foreseen}", merged.memory());
    merged
}

fn all(segments: &[Segment]) -> Vec<(&Segment, Range<usize>)> {
    segments.iter().map(|segment| (segment, 0..segment.len())).collect()
}

fn gauge(name: &str, times: &[u64]) -> Vec<u8> {
    let points: Vec<Vec<u8>> = times.iter().map(|&time| fixed64(3, time)).collect();
    metric(name, 5, &points, &[])
}

/// A metric with a unit, `rest` behind the points, and metadata behind the data.
fn metric(name: &str, data: u32, points: &[Vec<u8>], rest: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    for point in points {
        put_len(&mut content, 1, point);
    }
    content.extend_from_slice(rest);
    message(&[(1, name.as_bytes()), (3, b"ms"), (data, &content), (12, &message(&[(1, b"key")]))])
}

#[test]
fn rows_keep_their_order_and_content() {
    let segments = [spans("a", &["1", "2"]), spans("b", &["3"]), spans("a", &["4", ""])];
    let merged = merged(Signal::Traces, &all(&segments));
    assert_eq!(merged.len(), 5);
    assert_eq!((merged.resources.len(), merged.scopes.len()), (2, 2));
}

#[test]
fn equal_owners_share_a_number_and_unequal_ones_do_not() {
    let url = |service: &str, url: &str| {
        let scoped = message(&[(2, &span("s", 1)), (3, url.as_bytes())]);
        let resource = message(&[(1, &resource(service)), (2, &scoped), (3, url.as_bytes())]);
        segment(Signal::Traces, &[message(&[(1, &resource)])])
    };
    let bare = segment(Signal::Traces, &[message(&[(1, &message(&[(2, &message(&[(2, b"")]))]))])]);
    let empty = segment(
        Signal::Traces,
        &[message(&[(1, &message(&[(1, b""), (2, &message(&[(1, b""), (2, b"")]))]))])],
    );
    let segments =
        [url("a", "x"), url("a", ""), url("a", "y"), url("b", "x"), url("a", "x"), bare, empty];
    let merged = merged(Signal::Traces, &all(&segments));
    let resources: Vec<usize> = (0..merged.len()).map(|row| merged.resource_of(row)).collect();
    let scopes: Vec<usize> = (0..merged.len()).map(|row| merged.scope_of(row)).collect();
    assert_eq!(resources, [0, 1, 2, 3, 0, 4, 5]);
    assert_eq!(scopes, [0, 1, 2, 3, 0, 4, 5]);
    assert_eq!(merged.resource(4).message, None);
    assert_eq!(merged.resource(5).message, Some(&b""[..]));
}

#[test]
fn only_the_rows_asked_for_are_kept() {
    let segment = segment(
        Signal::Logs,
        &[
            request("a", "x", &[fixed64(1, 1), fixed64(11, 2)]),
            request("b", "y", &[fixed64(1, 3), fixed64(1, 4)]),
        ],
    );
    for rows in [0..4, 0..0, 1..3, 3..4, 0..1] {
        let merged = merged(Signal::Logs, &[(&segment, rows.clone())]);
        assert_eq!(merged.len(), rows.len());
    }
    let last = merged(Signal::Logs, &[(&segment, 3..4)]);
    assert_eq!((last.resources.len(), last.scopes.len()), (1, 1));
    assert!(last.memory() < segment.memory() / 2);
}

#[test]
fn every_kind_of_metric_reads_as_before() {
    let point = [fixed64(3, 9), fixed64(4, 1)].concat();
    let temporality = varint(2, 2);
    let sum = [temporality.clone(), varint(3, 1)].concat();
    let metrics = [
        gauge("g", &[1, 2, 3]),
        metric("s", 7, std::slice::from_ref(&point), &sum),
        metric("h", 9, &vec![fixed64(3, 1); 3], &temporality),
        metric("e", 10, &[fixed64(3, 1)], &temporality),
        metric("y", 11, &[fixed64(3, 1), Vec::new()], &[]),
        metric("no points", 5, &[], &[]),
        metric("no points", 7, &[], &sum),
        message(&[(1, b"no data")]),
        Vec::new(),
    ];
    let whole = segment(Signal::Metrics, &[request("a", "x", &metrics)]);
    assert_eq!(whole.len(), 14);
    let rows = 0..whole.len();
    let again = merged(Signal::Metrics, &[(&whole, rows.clone()), (&whole, rows.clone())]);
    assert_eq!(again.metrics.len(), metrics.len(), "equal metrics share a number");
    for row in rows.clone() {
        merged(Signal::Metrics, &[(&whole, row..row + 1), (&whole, 0..row)]);
    }
    let twice = merged(Signal::Metrics, &[(&again, rows.start..2 * rows.end)]);
    assert_eq!(twice.bytes, again.bytes);
}

#[test]
fn unequal_metrics_stay_apart() {
    let point = [fixed64(3, 1)];
    let metrics = [
        metric("a", 7, &point, &varint(2, 1)),
        metric("a", 7, &point, &varint(2, 2)),
        metric("a", 5, &point, &[]),
        metric("a", 7, &point, &[]),
        metric("b", 7, &point, &[]),
        message(&[(1, b"a"), (7, &message(&[(1, &point[0])]))]),
    ];
    let segments = metrics.map(|metric| segment(Signal::Metrics, &[request("r", "s", &[metric])]));
    assert_eq!(merged(Signal::Metrics, &all(&segments)).metrics.len(), 6);
}

#[test]
fn a_merged_point_does_not_carry_the_other_points() {
    let times: Vec<u64> = (1..=1000).collect();
    let whole = segment(Signal::Metrics, &[request("a", "x", &[gauge("g", &times)])]);
    let one = merged(Signal::Metrics, &[(&whole, 500..501)]);
    assert!(one.memory() < 250, "{} bytes", one.memory());
    let metric = one.metric(0).expect("a metric");
    assert_eq!(metric.data.map(|(field, data)| (field.number, data)), Some((5, &b""[..])));
    assert!(one.wire_len(0) >= 9);
}

#[test]
fn cut_keeps_within_memory_and_rows() {
    let names: Vec<String> = (0..100).map(|index| "n".repeat(index)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let whole = segment(
        Signal::Traces,
        &[
            request("a", "x", &names[..60].iter().map(|n| span(n, 1)).collect::<Vec<_>>()),
            request("b", "y", &names[60..].iter().map(|n| span(n, 1)).collect::<Vec<_>>()),
        ],
    );
    for (memory, max_rows) in [(1000, 1000), (1000, 3), (1, 1000), (usize::MAX, 7), (0, 0)] {
        for rows in [0..100, 13..77, 5..5] {
            let runs = whole.cut(rows.clone(), memory, max_rows);
            let mut next = rows.start;
            for run in &runs {
                assert_eq!(run.rows.start, next, "runs follow each other");
                next = run.rows.end;
                assert!(run.rows.len() <= max_rows.max(1));
                // Of what these rows share, the resource is the larger part.
                let shared = resource("a").len() + message(&[(1, b"x")]).len();
                assert!(run.memory <= memory.max(2 * shared) || run.rows.len() == 1);
                let alone = merged(Signal::Traces, &[(&whole, run.rows.clone())]);
                assert_eq!(alone.memory(), run.memory, "of one scope, so measured exactly");
            }
            assert_eq!(next, rows.end);
        }
    }
}

/// Copies of what rows share take no more than the rows, be there ever so many runs.
#[test]
fn what_is_large_and_shared_is_copied_for_as_many_rows() {
    const MEMORY: usize = 10_000;
    let large = "l".repeat(100_000);
    let rows: Vec<_> = (0..10_000).map(|time| span("a span", time)).collect();
    let whole = segment(Signal::Traces, &[request(&large, &large, &rows)]);
    let runs = whole.cut(0..rows.len(), MEMORY, usize::MAX);
    let alone =
        runs.iter().map(|run| whole.cut(run.rows.clone(), usize::MAX, usize::MAX)[0].memory);
    let copies: usize = alone.sum();
    assert!(runs.len() > 1 && copies <= 2 * whole.memory(), "{} runs take {copies}", runs.len());
    // What every row has for itself is no reason for a large run.
    let own = |number| request(&format!("{number}{large}"), "", &[span("", 1)]);
    let own: Vec<_> = (0..20).map(own).collect();
    let runs = segment(Signal::Traces, &own).cut(0..20, MEMORY, usize::MAX);
    assert!(runs.len() >= 10, "{} runs", runs.len());
}

#[test]
fn merging_nothing_gives_nothing() {
    let none = Segment::merge(Signal::Logs, &[]);
    assert!(none.is_empty());
    assert_eq!(none.memory(), 0);
}

#[test]
#[should_panic = "segments of several signals"]
fn signals_do_not_mix() {
    Segment::merge(Signal::Logs, &[(&spans("a", &["1"]), 0..1)]);
}

#[test]
fn shrinking_gives_memory_back() {
    let mut builder = SegmentBuilder::new(Signal::Traces);
    builder.push_protobuf(&request("a", "x", &[span("s", 1)])).expect("a request");
    let mut segment = builder.finish();
    segment.bytes.reserve(1000);
    let before = read(&segment, 0..1);
    segment.shrink_to_fit();
    assert!(segment.memory() < 300);
    assert_eq!(read(&segment, 0..1), before);
}
