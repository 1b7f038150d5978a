//! Spans like those of a web service: some 530 bytes each, in protobuf.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span::Event};

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn span(number: u64) -> Span {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let start = 1_700_000_000_000_000_000 + number * 1_000_000;
    let event = Event {
        time_unix_nano: start + 500,
        name: "cache.miss".to_owned(),
        attributes: vec![text("cache.key", &format!("user:{}", number % 1000))],
        ..Event::default()
    };
    Span {
        trace_id: [mixed.to_be_bytes(), (!mixed).to_be_bytes()].concat(),
        span_id: mixed.to_le_bytes().to_vec(),
        parent_span_id: (mixed ^ 1).to_le_bytes().to_vec(),
        name: format!("GET /api/v1/items/{}", number % 20),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + mixed % 1_000_000,
        attributes: vec![
            text("http.request.method", "GET"),
            text("url.scheme", "https"),
            text("url.path", &format!("/api/v1/items/{}", number % 10_000)),
            text("server.address", "shop.example.com"),
            attribute("server.port", Value::IntValue(443)),
            attribute("http.response.status_code", Value::IntValue(200)),
            text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101"),
            text("client.address", &format!("10.0.{}.{}", mixed % 256, number % 256)),
            text("network.protocol.version", "1.1"),
            attribute("app.cart.total", Value::DoubleValue(mixed as f64 / 1e18)),
            attribute("app.cached", Value::BoolValue(number.is_multiple_of(3))),
        ],
        events: if number.is_multiple_of(5) { vec![event] } else { vec![] },
        ..Span::default()
    }
}

/// A request of so many spans.
pub(crate) fn request(spans: usize) -> ExportTraceServiceRequest {
    let attributes = vec![
        text("service.name", "shop"),
        text("service.version", "1.14.2"),
        text("service.instance.id", "shop-7d9f6c5b4-x2x8q"),
        text("telemetry.sdk.language", "rust"),
        text("telemetry.sdk.name", "opentelemetry"),
        text("telemetry.sdk.version", "0.33.1"),
        text("host.name", "node-17.eu-central-1"),
        text("k8s.namespace.name", "production"),
    ];
    let spans = (0..spans as u64).map(span).collect();
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}
