//! Tells the story of `../README.md` with the OpenTelemetry SDK for Rust.
//!
//! ```sh
//! cargo run -- PROTOCOL ENDPOINT RECORDER
//! ```

mod logs;
mod metrics;
mod secure;
mod tee;
mod traces;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
    WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use tokio::runtime::Runtime;

use crate::tee::Tee;

const SCHEMA: &str = "https://opentelemetry.io/schemas/1.37.0";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match tell(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Sends the whole story to every endpoint.
fn tell(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [protocol, endpoints @ ..] = arguments else {
        return Err("usage: PROTOCOL ENDPOINT...".into());
    };
    let runtime = Runtime::new()?;
    let _guard = runtime.enter();
    let (tls, client) = (secure::of_grpc()?, secure::of_http()?);
    let spans = endpoints.iter().map(|endpoint| match http(protocol) {
        None => over_grpc(SpanExporter::builder().with_tonic(), endpoint, &tls).build(),
        Some(encoding) => SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_protocol(encoding)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .build(),
    });
    let inside = traces::tell(Tee::new(&runtime, spans)?)?;
    let records = endpoints.iter().map(|endpoint| match http(protocol) {
        None => over_grpc(LogExporter::builder().with_tonic(), endpoint, &tls).build(),
        Some(encoding) => LogExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_protocol(encoding)
            .with_endpoint(format!("{endpoint}/v1/logs"))
            .build(),
    });
    logs::tell(Tee::new(&runtime, records)?, &inside)?;
    let points = endpoints.iter().map(|endpoint| match http(protocol) {
        None => over_grpc(MetricExporter::builder().with_tonic(), endpoint, &tls).build(),
        Some(encoding) => MetricExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_protocol(encoding)
            .with_endpoint(format!("{endpoint}/v1/metrics"))
            .build(),
    });
    metrics::tell(Tee::new(&runtime, points)?)
}

/// Names the endpoint to an exporter of gRPC, and TLS if it speaks that.
fn over_grpc<B: WithExportConfig + WithTonicConfig>(
    exporter: B,
    endpoint: &str,
    tls: &ClientTlsConfig,
) -> B {
    let exporter = exporter.with_endpoint(endpoint);
    if endpoint.starts_with("https:") { exporter.with_tls_config(tls.clone()) } else { exporter }
}

/// The encoding of a protocol over HTTP; `None` for gRPC.
fn http(protocol: &str) -> Option<Protocol> {
    match protocol {
        "http/protobuf" => Some(Protocol::HttpBinary),
        "http/json" => Some(Protocol::HttpJson),
        _ => None,
    }
}

fn resource() -> Resource {
    let zones = Array::String(vec![StringValue::from("a"), StringValue::from("b")]);
    let attributes = [
        KeyValue::new("service.name", "checkout"),
        KeyValue::new("service.version", "1.2.3"),
        KeyValue::new("replicas", 3),
        KeyValue::new("ratio", 0.25),
        KeyValue::new("canary", true),
        KeyValue::new("zones", Value::Array(zones)),
    ];
    Resource::builder_empty().with_schema_url(attributes, SCHEMA).build()
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("duckspan.test")
        .with_version("0.1.0")
        .with_schema_url(SCHEMA)
        .with_attributes([KeyValue::new("scope.kind", "test")])
        .build()
}

/// A time so many nanoseconds after the start.
fn at(nanoseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(1_763_978_400_123_456_789 + nanoseconds)
}

/// A span in another process.
fn remote(
    trace: u128,
    span: u64,
    state: (&'static str, &'static str),
) -> Result<SpanContext, Box<dyn Error>> {
    Ok(SpanContext::new(
        TraceId::from(trace),
        SpanId::from(span),
        TraceFlags::SAMPLED,
        true,
        TraceState::from_key_value([state])?,
    ))
}
