//! What becomes of rows: requests in protobuf and in JSON, by DuckSpan's core, and by prost and serde.
//!
//! There are two ways. *Requests* are in memory, as each side has them, and only written. *Rows* are as SQL has them,
//! resource and data in JSON, and become requests first; whoever writes them has to read them.

use std::hint::black_box;

use duckspan_bench::probe::Probe;
use duckspan_otlp::compression::Compression;
use duckspan_otlp::file::{Batches, Options, Worker};
use duckspan_otlp::json::Projection;
use duckspan_otlp::json::replay::{Replay, Row};
use duckspan_otlp::kept::{Kept, RowForm};
use duckspan_otlp::output::{Encoding, Piece};
use duckspan_otlp::render::{self, Renderer};
use duckspan_otlp::{Segment, Signal};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Data, core, frames};

/// Rows of a request, as COPY puts them together.
const REQUEST_ROWS: usize = 8192;

/// A row as SQL has it.
struct Text {
    resource: String,
    data: String,
}

pub(super) fn probes<'a>(data: &'a Data, wanted: impl Fn(&str) -> bool) -> Vec<Probe<'a>> {
    const NAMES: [&str; 8] = [
        "requests to protobuf",
        "requests to JSON",
        "requests to protobuf by prost",
        "requests to JSON by serde_json",
        "rows to protobuf",
        "rows to JSON",
        "rows to protobuf by serde_json and prost",
        "rows to JSON by serde_json",
    ];
    // They take memory, and time to be made.
    if !NAMES.into_iter().any(wanted) || !core::is_of(data, Signal::Traces) {
        return Vec::new();
    }
    let bytes = data.frames.len();
    let [segments, others] = [segments(data), segments(data)];
    let [decoded, again] = [decoded(data), decoded(data)];
    let texts: &'static [Text] = texts(&segments).leak();
    let [protobuf, json, prost, serde, rows_protobuf, rows_json, serde_prost, rows_serde] = NAMES;
    vec![
        Probe::new(protobuf, bytes, move || pieces(&segments, Encoding::LengthPrefixed)),
        Probe::new(json, bytes, move || pieces(&others, Encoding::JsonLines)),
        Probe::new(prost, bytes, move || decoded.iter().map(to_protobuf).sum()),
        Probe::new(serde, bytes, move || again.iter().map(to_json).sum()),
        Probe::new(rows_protobuf, bytes, || replayed(texts, Encoding::LengthPrefixed)),
        Probe::new(rows_json, bytes, || replayed(texts, Encoding::JsonLines)),
        Probe::new(serde_prost, bytes, || requests(texts).map(|all| to_protobuf(&all)).sum()),
        Probe::new(rows_serde, bytes, || requests(texts).map(|all| to_json(&all)).sum()),
    ]
}

/// The data, which COPY has in segments of as many rows.
fn segments(data: &Data) -> Vec<Segment> {
    let needed = Kept { parts: Projection::ALL, rows: RowForm::Messages };
    let options = Options { needed, ..Options::default() };
    let mut batches = Batches::new(&data.frames[..], &options, 4 << 20);
    let (mut worker, mut all) = (Worker::new(), Vec::new());
    while let Ok(Some(batch)) = batches.next_batch(|_| Ok(())) {
        all.extend(worker.decode(&batch, &options).segments);
    }
    all
}

fn decoded(data: &Data) -> Vec<TracesData> {
    frames(&data.frames).filter_map(|frame| TracesData::decode(frame).ok()).collect()
}

fn texts(segments: &[Segment]) -> Vec<Text> {
    let mut texts = Vec::new();
    for segment in segments {
        let mut renderer = Renderer::new(segment);
        for row in 0..segment.len() {
            let (mut resource, mut data) = (Vec::new(), Vec::new());
            render::resource(segment, segment.resource_of(row), &mut resource);
            renderer.data(row, &mut data);
            let text = |bytes| String::from_utf8(bytes).unwrap_or_default();
            texts.push(Text { resource: text(resource), data: text(data) });
        }
    }
    texts
}

fn piece(segment: &Segment, encoding: Encoding) -> u64 {
    Piece::new(segment, encoding, Compression::None)
        .map_or(0, |piece| black_box(piece).rows() as u64)
}

fn pieces(segments: &[Segment], encoding: Encoding) -> u64 {
    segments.iter().map(|segment| piece(segment, encoding)).sum()
}

fn replayed(texts: &[Text], encoding: Encoding) -> u64 {
    let mut replay = match encoding {
        Encoding::JsonLines | Encoding::Json => Replay::to_render(Signal::Traces),
        Encoding::Protobuf | Encoding::LengthPrefixed => Replay::new(Signal::Traces),
    };
    let requests = texts.chunks(REQUEST_ROWS).filter_map(|texts| {
        for Text { resource, data } in texts {
            replay.push(Row { timestamp: None, resource: Some(resource), data }).ok()?;
        }
        replay.take().ok()?
    });
    requests.map(|segment| piece(&segment, encoding)).sum()
}

fn to_protobuf(request: &TracesData) -> u64 {
    black_box(request.encode_length_delimited_to_vec()).len() as u64
}

fn to_json(request: &impl Serialize) -> u64 {
    black_box(serde_json::to_vec(request)).map_or(0, |text| text.len() as u64)
}

/// What stands in a row's data beside the span.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beside<'a> {
    #[serde(borrow)]
    scope: Option<&'a RawValue>,
    schema_url: Option<String>,
}

/// What stands in a row's resource beside the resource.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    schema_url: Option<String>,
}

/// Requests of rows; neighbours share their resource and scope.
fn requests(texts: &[Text]) -> impl Iterator<Item = TracesData> {
    texts.chunks(REQUEST_ROWS).filter_map(|texts| request(texts).ok())
}

fn request(texts: &[Text]) -> serde_json::Result<TracesData> {
    let (mut groups, mut last) = (Vec::new(), None);
    for Text { resource, data } in texts {
        let span: Span = serde_json::from_str(data)?;
        let Beside { scope, schema_url } = serde_json::from_str(data)?;
        let scope = scope.map_or("", RawValue::get);
        let (same_resource, same_scope) = match last {
            Some((known, in_scope)) => (known == resource, in_scope == scope),
            None => (false, false),
        };
        last = Some((resource, scope));
        if !same_resource {
            let Schema { schema_url } = serde_json::from_str(resource)?;
            let resource: Option<Resource> = Some(serde_json::from_str(resource)?);
            let schema_url = schema_url.unwrap_or_default();
            groups.push(ResourceSpans { resource, scope_spans: Vec::new(), schema_url });
        }
        let Some(group) = groups.last_mut() else { continue };
        if !same_resource || !same_scope {
            let scope: Option<InstrumentationScope> = match scope {
                "" => None,
                text => Some(serde_json::from_str(text)?),
            };
            let schema_url = schema_url.unwrap_or_default();
            group.scope_spans.push(ScopeSpans { scope, spans: Vec::new(), schema_url });
        }
        if let Some(scope) = group.scope_spans.last_mut() {
            scope.spans.push(span);
        }
    }
    Ok(TracesData { resource_spans: groups })
}
