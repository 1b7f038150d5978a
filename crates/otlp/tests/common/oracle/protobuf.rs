//! What must hold of any bytes that are given as a protobuf request.

use duckspan_otlp::json::{Projection, Transcoder};
use duckspan_otlp::normalize::normalize;
use duckspan_otlp::repair::Repairs;
use duckspan_otlp::schema::{Kind, Message};
use duckspan_otlp::verify::{Form, Verified, verify};
use duckspan_otlp::wire::{CheckingReader, Value};
use duckspan_otlp::{Segment, SegmentBuilder, Signal, SignalSet, detect, render};
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use opentelemetry_proto::tonic::trace::v1::TracesData;

use crate::common::rows::{Row, json, rebuild, rows};

/// Checks `bytes` as a request of each signal.
pub fn check(bytes: &[u8]) {
    let _ = detect::detect(bytes, None);
    for signal in Signal::ALL {
        check_as(signal, bytes);
    }
}

/// Checks `bytes` as a request of this signal.
pub fn check_as(signal: Signal, bytes: &[u8]) {
    let peer = prost(signal, bytes);
    match verify(signal.data(), bytes) {
        Err(error) => {
            assert!(error.offset() <= bytes.len(), "{error}");
            let known = error.reason() == "groups nested too deep"
                || has_field(signal.data(), bytes, &is_older);
            assert!(peer.is_err() || known, "prost accepts, verify: {error}");
            let mut builder = SegmentBuilder::new(signal);
            assert_eq!(builder.push_protobuf(bytes), Err(error));
            assert!(builder.is_empty() && builder.bytes() == 0);
        }
        Ok(verified) => {
            check_peer(signal, bytes, &peer);
            check_rows(signal, &verified);
        }
    }
}

/// What prost makes of the bytes, written again.
fn prost(signal: Signal, bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    fn written<M: prost::Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
        M::decode(bytes).map(|message| message.encode_to_vec())
    }
    match signal {
        Signal::Traces => written::<TracesData>(bytes),
        Signal::Metrics => written::<MetricsData>(bytes),
        Signal::Logs => written::<LogsData>(bytes),
    }
}

/// Compares with prost what is accepted and what it means, where the documented rules are prost's.
fn check_peer(signal: Signal, bytes: &[u8], peer: &Result<Vec<u8>, prost::DecodeError>) {
    let (normal, repairs) = normalized(signal.data(), bytes);
    match peer {
        Err(error) => {
            let reason = error.to_string();
            let stricter = ["UTF-8", "recursion limit"].iter().any(|known| reason.contains(known));
            let has_strindex = has_field(signal.data(), bytes, &is_strindex);
            assert!(stricter || has_strindex, "prost refuses: {reason}");
        }
        Ok(_) if has_field(signal.data(), bytes, &is_strindex) => {}
        Ok(_) if has_field(signal.data(), bytes, &is_older) => {}
        Ok(peer) => {
            assert!(repairs.is_empty());
            assert_eq!(prost(signal, &normal).as_ref(), Ok(peer), "another content than prost's");
        }
    }
}

/// Whether a field belongs to profiles, which prost keeps and [`normalize`] does not.
fn is_strindex(message: &'static Message, number: u32) -> bool {
    matches!((message.name, number), ("KeyValue", 3) | ("AnyValue", 8))
}

/// Whether a field is one of older versions, which prost knows nothing of.
fn is_older(message: &'static Message, number: u32) -> bool {
    match message.name {
        "ResourceSpans" | "ResourceMetrics" | "ResourceLogs" => number == 1000,
        "Metric" => matches!(number, 4 | 6 | 8),
        "NumberDataPoint" | "HistogramDataPoint" | "SummaryDataPoint" | "Exemplar" | "Status" => {
            number == 1
        }
        "LogRecord" => number == 4,
        _ => false,
    }
}

/// Whether there is such a field anywhere.
fn has_field(
    message: &'static Message,
    bytes: &[u8],
    is_it: &dyn Fn(&'static Message, u32) -> bool,
) -> bool {
    let mut reader = CheckingReader::new(bytes);
    while let Ok((number, wire_type)) = reader.tag() {
        let Ok(value) = reader.value(number, wire_type) else { break };
        if is_it(message, number) {
            return true;
        }
        if let (Value::Len(bytes, _), Some(Kind::Message(nested))) =
            (value, message.field(number).map(|field| field.kind))
            && has_field(nested, bytes, is_it)
        {
            return true;
        }
    }
    false
}

/// The canonical form, which is checked to be one.
pub fn normalized(message: &'static Message, bytes: &[u8]) -> (Vec<u8>, Repairs) {
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    let (mut repairs, mut none) = (Repairs::default(), Repairs::default());
    normalize(&verify(message, bytes).expect("a message"), &mut once, &mut repairs);
    let verified = verify(message, &once).expect("a message");
    assert_eq!(verified.form(), Form::Canonical, "normalize gives another form");
    normalize(&verified, &mut twice, &mut none);
    assert!(once == twice && none.is_empty(), "the canonical form is not final");
    (once, repairs)
}

/// The segment of one request.
pub fn segment(signal: Signal, bytes: &[u8]) -> (Segment, Repairs) {
    segment_of(signal, &verify(signal.data(), bytes).expect("a well-formed request"))
}

/// The segment of one request that was checked, or written.
pub fn segment_of(signal: Signal, request: &Verified<'_>) -> (Segment, Repairs) {
    let mut builder = SegmentBuilder::new(signal);
    let repairs = builder.push_verified(request).expect("room for one request");
    (builder.finish(), repairs)
}

fn check_rows(signal: Signal, request: &Verified<'_>) {
    let bytes = request.bytes();
    let (normal, repairs) = normalized(signal.data(), bytes);
    let (segment, counted) = segment_of(signal, request);
    let found = rows(&segment);
    match request.form() {
        Form::Canonical => {
            assert!(repairs.is_empty(), "repairs in a canonical message");
            let (segment, _) = self::segment(signal, &normal);
            assert_eq!(rows(&segment), found, "normalize changes a canonical message");
        }
        Form::Loose => assert_eq!(counted, repairs),
    }
    check_ways_in(signal, bytes, &found);
    check_round_trip(signal, &found);
    check_whole(signal, &normal, &found);
}

/// However a request gets into a segment, after another one or alone, its rows are the same.
fn check_ways_in(signal: Signal, bytes: &[u8], found: &[Row]) {
    let mut builder = SegmentBuilder::new(signal);
    builder.push_protobuf(bytes).expect("verified before");
    builder.push_protobuf(bytes).expect("verified before");
    assert_eq!(rows(&builder.finish()), [found, found].concat());
    let mut builder = SegmentBuilder::new(signal);
    match builder.push_owned(bytes.to_vec()) {
        Ok(()) => assert_eq!(rows(&builder.finish()), found),
        Err(returned) => assert_eq!((returned.as_slice(), builder.bytes()), (bytes, 0)),
    }
}

/// Rebuilds a request from its rows, reads it and compares.
pub fn check_round_trip(signal: Signal, found: &[Row]) {
    let request = rebuild(signal, found);
    let mut transcoder = Transcoder::new();
    let again = read_back(&mut transcoder, signal, &request);
    assert_eq!(again, found, "rows change on the way through JSON: {request}");
}

/// The rows of a request in canonical JSON, which needs no repair.
pub fn read_back(transcoder: &mut Transcoder, signal: Signal, request: &str) -> Vec<Row> {
    let outcome = transcoder
        .read(request.as_bytes(), SignalSet::ALL, Projection::ALL)
        .unwrap_or_else(|error| panic!("{error} in {request}"));
    assert_eq!(outcome.found, SignalSet::only(signal));
    assert!(outcome.repairs.is_empty(), "{:?} in {request}", outcome.repairs);
    let request = transcoder.request(signal).expect("the signal was found");
    assert_eq!(request.form(), Form::Canonical, "canonical JSON gives canonical protobuf");
    assert_eq!(verify(signal.data(), request.bytes()).expect("protobuf").form(), Form::Canonical);
    rows(&segment_of(signal, &request).0)
}

/// The whole message as JSON has the same rows, and is its own canonical text.
fn check_whole(signal: Signal, normal: &[u8], found: &[Row]) {
    let mut text = Vec::new();
    render::message(&verify(signal.data(), normal).expect("a request"), &mut text);
    let text = json(text);
    if text == "{}" {
        return assert!(found.is_empty());
    }
    let mut transcoder = Transcoder::new();
    assert_eq!(read_back(&mut transcoder, signal, &text), found, "the whole message: {text}");
    let mut again = Vec::new();
    render::message(&transcoder.request(signal).expect("read before"), &mut again);
    assert_eq!(json(again), text);
}
