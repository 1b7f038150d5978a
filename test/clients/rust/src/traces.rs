//! The spans of the story.

use std::error::Error;

use opentelemetry::trace::{
    Link, Span, SpanContext, SpanKind, Status, TraceContextExt, Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::tee::Tee;
use crate::{at, remote, resource, scope};

const SECOND: u64 = 1_000_000_000;

/// Sends the spans; returns the context of the first.
pub(crate) fn tell(exporter: Tee<SpanExporter>) -> Result<SpanContext, Box<dyn Error>> {
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .with_max_attributes_per_span(10)
        .with_max_events_per_span(2)
        .with_max_links_per_span(1)
        .build();
    let tracer = provider.tracer_with_scope(scope());
    let parent = remote(
        0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
        0xb7ad_6b71_6920_3331,
        ("vendor", "value"),
    )?;
    let mut server = tracer
        .span_builder("GET /cart/{id}")
        .with_kind(SpanKind::Server)
        .with_start_time(at(0))
        .with_attributes(attributes())
        .with_links(links()?)
        .start_with_context(&tracer, &Context::new().with_remote_span_context(parent));
    for number in 0..3_u32 {
        let attributes = vec![KeyValue::new("number", i64::from(number))];
        let time = at(u64::from(number) * SECOND / 10);
        server.add_event_with_timestamp(format!("event {number}"), time, attributes);
    }
    server.set_status(Status::error("out of stock"));
    let inside = server.span_context().clone();
    let context = Context::new().with_remote_span_context(inside.clone());
    for (number, (name, kind)) in KINDS.into_iter().enumerate() {
        let builder = tracer.span_builder(name).with_kind(kind).with_start_time(at(SECOND));
        let mut child = builder.start_with_context(&tracer, &context);
        child.set_status(Status::Ok);
        child.end_with_timestamp(at(SECOND + number as u64));
    }
    server.end_with_timestamp(at(SECOND / 4));
    provider.shutdown()?;
    Ok(inside)
}

const KINDS: [(&str, SpanKind); 4] = [
    ("client", SpanKind::Client),
    ("producer", SpanKind::Producer),
    ("consumer", SpanKind::Consumer),
    ("internal", SpanKind::Internal),
];

fn attributes() -> Vec<KeyValue> {
    let texts = ["a", "", "c"].map(StringValue::from).to_vec();
    vec![
        KeyValue::new("text", "Grüße, 世界 🦆 \"quoted\"\n"),
        KeyValue::new("flag", true),
        KeyValue::new("count", 9_007_199_254_740_991_i64),
        KeyValue::new("negative", -42),
        KeyValue::new("fraction", 0.1),
        KeyValue::new("texts", Value::Array(Array::String(texts))),
        KeyValue::new("counts", Value::Array(Array::I64(vec![1, -2, 3]))),
        KeyValue::new("fractions", Value::Array(Array::F64(vec![0.5, -1.5]))),
        KeyValue::new("flags", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("empty", ""),
        KeyValue::new("dropped", true), // the newest goes when there are too many
    ]
}

fn links() -> Result<Vec<Link>, Box<dyn Error>> {
    let linked =
        remote(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7, ("a", "b"))?;
    let kept = Link::new(linked.clone(), vec![KeyValue::new("link.kind", "batch")], 0);
    let dropped = Link::new(linked, vec![KeyValue::new("dropped", true)], 0);
    Ok(vec![kept, dropped])
}
