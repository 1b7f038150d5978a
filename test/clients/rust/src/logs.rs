//! The log records of the story.

use std::collections::HashMap;
use std::error::Error;

use opentelemetry::Key;
use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::SpanContext;
use opentelemetry_otlp::LogExporter;
use opentelemetry_sdk::logs::SdkLoggerProvider;

use crate::tee::Tee;
use crate::{at, resource, scope};

const SECOND: u64 = 1_000_000_000;

/// Sends the log records, the first of them with a span.
pub(crate) fn tell(exporter: Tee<LogExporter>, inside: &SpanContext) -> Result<(), Box<dyn Error>> {
    let provider = SdkLoggerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .build();
    let logger = provider.logger_with_scope(scope());
    let mut record = logger.create_log_record();
    record.set_timestamp(at(0));
    record.set_observed_timestamp(at(SECOND));
    record.set_trace_context(inside.trace_id(), inside.span_id(), Some(inside.trace_flags()));
    record.set_severity_number(Severity::Warn);
    record.set_severity_text("WARN");
    record.set_body("cart is empty".into());
    record.add_attribute("cart", 7);
    record.add_attribute("shop", "Köln");
    record.set_event_name("cart.emptied");
    logger.emit(record);
    let mut record = logger.create_log_record();
    record.set_observed_timestamp(at(SECOND));
    record.set_severity_number(Severity::Error2);
    record.set_body(body());
    logger.emit(record);
    Ok(provider.shutdown()?)
}

fn body() -> AnyValue {
    let items = vec![1.into(), "two".into(), true.into(), 0.5.into()];
    map([
        ("items", AnyValue::ListAny(Box::new(items))),
        ("owner", map([("name", "x".into())])),
        ("raw", AnyValue::Bytes(Box::new(vec![0, 255]))),
    ])
}

fn map<const N: usize>(members: [(&'static str, AnyValue); N]) -> AnyValue {
    let members: HashMap<_, _> = members.map(|(key, value)| (Key::from(key), value)).into();
    AnyValue::Map(Box::new(members))
}
