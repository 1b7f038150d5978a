//! What the generator writes is OTLP, says the same in every format, and has the promised shape.

use duckspan_bench::generator::{Format, Generator};
use duckspan_bench::writer::Layout;
use duckspan_otlp::Signal;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::{Metric, MetricsData, metric};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const BATCHES: [usize; 5] = [1, 2, 7, 512, 2_000];

fn file(signal: Option<Signal>, format: Format, layout: Layout) -> Vec<u8> {
    let mut out = Vec::new();
    let mut generator = Generator::new(signal, 11);
    BATCHES.iter().for_each(|&rows| generator.append(format, layout, rows, &mut out));
    out
}

fn frames(mut file: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((len, rest)) = file.split_first_chunk() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        frames.push(frame);
        file = rest;
    }
    frames
}

fn lines(file: &[u8]) -> Vec<&[u8]> {
    let lines: Vec<_> = file.split(|&byte| byte == b'\n').collect();
    assert_eq!(lines.last(), Some(&&b""[..]), "the last line ends too");
    lines[..lines.len() - 1].to_vec()
}

fn decode<M: Message + Default>(frames: &[&[u8]]) -> Vec<M> {
    frames.iter().map(|frame| M::decode(*frame).expect("protobuf")).collect()
}

fn collector<M: Message + Default>(signal: Signal) -> Vec<M> {
    decode(&frames(&file(Some(signal), Format::LengthPrefixed, Layout::Collector)))
}

fn spans(data: &TracesData) -> Vec<&Span> {
    let scopes = data.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

fn metrics(data: &MetricsData) -> Vec<&Metric> {
    let scopes = data.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics).collect()
}

fn points(metric: &Metric) -> usize {
    match metric.data.as_ref().expect("a metric of some kind") {
        metric::Data::Gauge(data) => data.data_points.len(),
        metric::Data::Sum(data) => data.data_points.len(),
        metric::Data::Histogram(data) => data.data_points.len(),
        metric::Data::ExponentialHistogram(data) => data.data_points.len(),
        metric::Data::Summary(data) => data.data_points.len(),
    }
}

#[test]
fn requests_have_the_rows_that_were_asked_for() {
    let traces: Vec<_> = collector(Signal::Traces).iter().map(|data| spans(data).len()).collect();
    assert_eq!(traces, BATCHES);
    let logs = collector::<LogsData>(Signal::Logs);
    let records = |data: &LogsData| -> usize {
        let scopes = data.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        scopes.map(|scope| scope.log_records.len()).sum()
    };
    assert_eq!(logs.iter().map(records).collect::<Vec<_>>(), BATCHES);
    let all = collector::<MetricsData>(Signal::Metrics);
    let rows = |data| metrics(data).into_iter().map(points).sum::<usize>();
    assert_eq!(all.iter().map(rows).collect::<Vec<_>>(), BATCHES);
}

fn check_formats<M>(signal: Signal)
where
    M: Message + Default + DeserializeOwned + Serialize + PartialEq,
{
    let expect = collector::<M>(signal);
    let sdk = file(Some(signal), Format::LengthPrefixed, Layout::Sdk);
    assert!(decode::<M>(&frames(&sdk)) == expect, "{signal:?} in the layout of SDKs");
    let reencoded: Vec<_> = expect.iter().map(Message::encode_to_vec).collect();
    if signal == Signal::Metrics {
        // prost writes `asInt`, field 6, before `exemplars`, field 5.
        assert_eq!(frames(&sdk).concat().len(), reencoded.concat().len());
    } else {
        assert!(frames(&sdk) == reencoded, "{signal:?} in the layout of SDKs is not canonical");
    }

    let bare = file(Some(signal), Format::Protobuf, Layout::Collector);
    let whole = frames(&file(Some(signal), Format::LengthPrefixed, Layout::Collector)).concat();
    assert_eq!(bare, whole);

    let json = file(Some(signal), Format::JsonLines, Layout::Collector);
    for (line, expect) in lines(&json).into_iter().zip(&expect) {
        let read: M = serde_json::from_slice(line).expect("JSON");
        assert!(read == *expect, "{signal:?} in JSON");
    }
    assert_eq!(lines(&json).len(), expect.len());
}

#[test]
fn every_format_says_the_same() {
    check_formats::<TracesData>(Signal::Traces);
    check_formats::<LogsData>(Signal::Logs);
    check_formats::<MetricsData>(Signal::Metrics);
}

#[test]
fn the_seed_decides_everything() {
    let file = |seed| {
        let mut out = Vec::new();
        Generator::new(None, seed).append(Format::JsonLines, Layout::Collector, 100, &mut out);
        out
    };
    assert_eq!(file(3), file(3));
    assert_ne!(file(3), file(4));
}

#[test]
fn mixed_files_hold_every_signal() {
    let json = file(None, Format::JsonLines, Layout::Collector);
    let keys: Vec<_> = lines(&json)
        .into_iter()
        .map(|line| match serde_json::from_slice(line).expect("JSON") {
            Value::Object(object) => object.into_iter().map(|(key, _)| key).collect::<String>(),
            other => panic!("no object: {other}"),
        })
        .collect();
    let expect =
        ["resourceSpans", "resourceLogs", "resourceSpans", "resourceMetrics", "resourceLogs"];
    assert_eq!(keys, expect);
}

/// Percent of `items` that are `wanted`.
fn share<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> usize {
    100 * items.iter().filter(|item| wanted(item)).count() / items.len()
}

fn assert_between(what: &str, value: usize, low: usize, high: usize) {
    assert!((low..=high).contains(&value), "{what}: {value} is not in {low}..={high}");
}

#[test]
fn spans_look_like_spans() {
    let data = collector::<TracesData>(Signal::Traces);
    let bytes: usize = data.iter().map(Message::encoded_len).sum();
    let all: Vec<_> = data.iter().flat_map(spans).collect();
    assert_between("bytes a span", bytes / all.len(), 480, 560);
    assert_between("% with events", share(&all, |span| !span.events.is_empty()), 15, 25);
    let failed = |span: &&Span| span.status.as_ref().is_some_and(|status| status.code == 2);
    assert_between("% failed", share(&all, failed), 2, 10);
    for kind in 1..=3 {
        assert_between("% of a kind", share(&all, |span| span.kind == kind), 15, 60);
    }
    for span in &all {
        assert_between("attributes", span.attributes.len(), 10, 11);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
    }
    for resource in data.iter().flat_map(|data| &data.resource_spans) {
        assert_eq!(resource.resource.as_ref().map(|resource| resource.attributes.len()), Some(8));
    }
}

#[test]
fn traces_are_trees() {
    for data in collector::<TracesData>(Signal::Traces) {
        let all = spans(&data);
        let find = |id: &[u8]| all.iter().find(|span| span.span_id == id);
        for span in &all {
            if let Some(parent) = find(&span.parent_span_id) {
                assert_eq!(parent.trace_id, span.trace_id);
                assert!(parent.start_time_unix_nano <= span.start_time_unix_nano);
                assert!(parent.end_time_unix_nano >= span.end_time_unix_nano);
            }
        }
        let roots = share(&all, |span| find(&span.parent_span_id).is_none());
        assert!(all.len() < 500 || (7..=25).contains(&roots), "{roots} % roots");
    }
}

#[test]
fn logs_look_like_logs() {
    let data = collector::<LogsData>(Signal::Logs);
    let bytes: usize = data.iter().map(Message::encoded_len).sum();
    let scopes = data.iter().flat_map(|data| &data.resource_logs).flat_map(|r| &r.scope_logs);
    let all: Vec<_> = scopes.flat_map(|scope| &scope.log_records).collect();
    assert_between("bytes a record", bytes / all.len(), 270, 330);
    assert_between("% correlated", share(&all, |record| !record.trace_id.is_empty()), 50, 70);
    let structured = share(&all, |record| {
        let value = record.body.as_ref().and_then(|body| body.value.as_ref());
        matches!(value, Some(any_value::Value::KvlistValue(_)))
    });
    assert_between("% structured", structured, 10, 20);
    let errors = share(&all, |record| record.severity_number >= 17);
    assert_between("% errors", errors, 4, 12);
}

#[test]
fn metrics_are_of_all_kinds() {
    let data = collector::<MetricsData>(Signal::Metrics);
    let mut points_by_kind = [0; 5];
    for metric in data.iter().flat_map(metrics) {
        let kind = match metric.data.as_ref().expect("a metric of some kind") {
            metric::Data::Gauge(_) => 0,
            metric::Data::Sum(_) => 1,
            metric::Data::Histogram(_) => 2,
            metric::Data::ExponentialHistogram(_) => 3,
            metric::Data::Summary(_) => 4,
        };
        points_by_kind[kind] += points(metric);
    }
    assert!(points_by_kind.iter().all(|&points| points > 100), "{points_by_kind:?}");
}
