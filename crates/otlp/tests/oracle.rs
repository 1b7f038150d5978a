//! Rows against independent decoders: prost for protobuf, serde for JSON.
//!
//! What the rows of a request say is what the request says, but for the losses that are documented.

mod common;
#[path = "oracle/single.rs"]
mod single;
#[path = "oracle/strategies.rs"]
mod strategies;

use std::fmt::Debug;

use common::corpus;
use common::loosen::loosen;
use common::numbers::Numbers;
use common::oracle::pipeline::{Found, read};
use common::oracle::protobuf::{check_as, read_back, segment};
use common::rows::{Row, rebuild, rows};
use common::samples;
use duckspan_otlp::file::Options;
use duckspan_otlp::json::{Projection, Transcoder};
use duckspan_otlp::verify::{Form, verify};
use duckspan_otlp::{Segment, Signal, SignalSet};
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use proptest::prelude::*;
use single::Request;

/// The rows of a request in protobuf.
fn rows_of(signal: Signal, request: &[u8]) -> Vec<Row> {
    rows(&segment(signal, request).0)
}

/// The request that a record in JSON holds, as protobuf.
fn protobuf_of(signal: Signal, json: &str) -> Vec<u8> {
    let mut transcoder = Transcoder::new();
    transcoder
        .read(json.as_bytes(), SignalSet::ALL, Projection::ALL)
        .unwrap_or_else(|error| panic!("{error} in {json}"));
    transcoder.request(signal).expect("the signal").bytes().to_vec()
}

/// Compares requests row by row; NaN equals NaN.
fn assert_same<R: Request + Debug>(found: R, expected: R) {
    let (found, expected) = (found.single(), expected.single());
    assert_eq!(found.len(), expected.len(), "rows");
    for (found, expected) in found.into_iter().zip(expected) {
        let same = found.encode_to_vec() == expected.encode_to_vec();
        assert!(same, "found {found:#?}\nexpected {expected:#?}");
    }
}

/// Checks a request in protobuf: its rows say all that prost reads of it.
fn check_request<R: Request + Debug>(request: &[u8]) {
    check_as(R::SIGNAL, request);
    let rows = rows_of(R::SIGNAL, request);
    let rebuilt = protobuf_of(R::SIGNAL, &rebuild(R::SIGNAL, &rows));
    let decoded = |bytes: &[u8]| R::decode(bytes).expect("prost reads it");
    assert_same(decoded(&rebuilt), decoded(request));
    assert_same(decoded(&request_of(R::SIGNAL, request)), decoded(request));
}

/// What is sent of the rows of a request: canonical, and the same of a segment that shares what is equal.
fn request_of(signal: Signal, request: &[u8]) -> Vec<u8> {
    let segment = segment(signal, request).0;
    let sent = |segment: &Segment| {
        let mut sent = Vec::new();
        segment.put_request(0..segment.len(), &mut sent);
        assert_eq!(verify(signal.data(), &sent).expect("a request").form(), Form::Canonical);
        sent
    };
    let merged = Segment::merge(signal, &[(&segment, 0..segment.len())]);
    let found = sent(&segment);
    assert_eq!(found, sent(&merged), "of a merged segment");
    found
}

/// Checks that a request gives the same rows from protobuf in any form and from the JSON of another
/// writer.
fn check_twins<R: Request + Debug>(request: &R, seed: u64) {
    let bytes = request.encode_to_vec();
    check_request::<R>(&bytes);
    let found = rows_of(R::SIGNAL, &bytes);
    let loose = loosen(R::SIGNAL.data(), &bytes, &mut Numbers::new(seed));
    assert_eq!(rows_of(R::SIGNAL, &loose), found, "in another form");
    // A default that is told from absence in memory only is absent for both.
    let request = R::decode(bytes.as_slice()).expect("prost reads what it wrote");
    if is_finite(&request) {
        let json = serde_json::to_string(&request).expect("serde writes JSON");
        assert_eq!(rows_of(R::SIGNAL, &protobuf_of(R::SIGNAL, &json)), found, "from {json}");
    }
}

/// Whether all doubles are finite, as far as this shows: serde writes null for others.
fn is_finite(request: &impl Debug) -> bool {
    let text = format!("{request:?}");
    !text.contains("NaN") && !text.contains("inf")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_spans(request in strategies::traces(), seed: u64) {
        check_twins(&request, seed);
    }

    #[test]
    fn any_log_records(request in strategies::logs(), seed: u64) {
        check_twins(&request, seed);
    }

    #[test]
    fn any_metrics(request in strategies::metrics_data(), seed: u64) {
        check_twins(&request, seed);
    }
}

#[test]
fn requests_with_every_field() {
    for seed in 0..5 {
        check_twins(&samples::traces(), seed);
        check_twins(&samples::metrics(), seed);
        check_twins(&samples::logs(), seed);
    }
}

#[test]
fn protobuf_files_say_what_prost_reads_of_them() {
    let mut checked = 0;
    for (name, bytes) in corpus::files().iter().filter(|(name, _)| name.ends_with(".pb")) {
        let found = read(bytes, &whole(), 1 << 20).expect("a file of some megabytes");
        checked += 1;
        match signal_of(&found) {
            Signal::Traces => check_file::<TracesData>(name, bytes, &found),
            Signal::Metrics => check_file::<MetricsData>(name, bytes, &found),
            Signal::Logs => check_file::<LogsData>(name, bytes, &found),
        }
    }
    assert!(checked >= 7 || corpus::corpus().is_none(), "{checked} files");
}

fn whole() -> Options {
    Options { maximum_object_size: 1 << 30, ..Options::default() }
}

/// The one signal of a file.
fn signal_of(found: &Found) -> Signal {
    let signal = found.rows.first().expect("a file with rows").0;
    assert!(found.rows.iter().all(|(of, _)| *of == signal));
    signal
}

fn check_file<R: Request + Debug>(name: &str, bytes: &[u8], found: &Found) {
    assert!(found.rejects.is_empty() && found.repairs.is_empty(), "{name}");
    check_request::<R>(bytes);
    let rows: Vec<_> = found.rows.iter().map(|(_, row)| row.clone()).collect();
    assert_eq!(rows, rows_of(R::SIGNAL, bytes), "{name}");
    let rebuilt = rebuild(R::SIGNAL, &rows);
    assert_eq!(read_back(&mut Transcoder::new(), R::SIGNAL, &rebuilt), rows, "{name}");
}

#[test]
fn json_files_say_what_serde_reads_of_them() {
    let mut compared = [0; 3];
    for (name, bytes) in corpus::files().iter().filter(|(name, _)| name.contains(".json")) {
        for record in documents(bytes) {
            compared[0] += usize::from(check_record::<TracesData>(name, record));
            compared[1] += usize::from(check_record::<MetricsData>(name, record));
            compared[2] += usize::from(check_record::<LogsData>(name, record));
        }
    }
    let enough = compared.iter().zip([10, 100, 100]).all(|(&found, least)| found >= least);
    assert!(enough || corpus::corpus().is_none(), "records compared: {compared:?}");
}

/// The JSON values of a file, up to the first that is damaged.
fn documents(bytes: &[u8]) -> Vec<&str> {
    let text = str::from_utf8(bytes).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut documents = Vec::new();
    let mut start = 0;
    while let Some(Ok(_)) = values.next() {
        documents.push(&text[start..values.byte_offset()]);
        start = values.byte_offset();
    }
    documents
}

/// Whether serde reads a record as a request of that signal, with the same content.
fn check_record<R: Request + Debug>(name: &str, record: &str) -> bool {
    let key = R::SIGNAL.data().fields[0].name;
    if !record.contains(&format!("\"{key}\"")) {
        return false;
    }
    let bytes = protobuf_of(R::SIGNAL, record);
    check_as(R::SIGNAL, &bytes);
    let Ok(expected) = serde_json::from_str::<R>(record) else { return false };
    // The data of a metric that serde does not understand are absent, without a word.
    if format!("{expected:?}").contains("data: None") {
        return false;
    }
    let found = R::decode(bytes.as_slice()).unwrap_or_else(|error| panic!("{error}: {name}"));
    assert_same(found, expected);
    true
}

#[test]
fn twins_of_the_corpus_have_the_same_rows() {
    let files = corpus::files();
    let rows = |name: &str| {
        let (_, bytes) = files.iter().find(|(file, _)| file == name)?;
        let found = read(bytes, &whole(), 1 << 20).expect("a small file");
        Some((found.rows, found.rejects))
    };
    for name in ["otlp2parquet/traces", "otlp2parquet/logs"] {
        let [json, protobuf] = ["jsonl", "pb"].map(|ending| rows(&format!("{name}.{ending}")));
        assert!(json == protobuf, "{name}");
    }
}
