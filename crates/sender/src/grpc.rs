//! OTLP over gRPC: unary calls, and what their trailers say.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use duckspan_otlp::Signal;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, TE, USER_AGENT};
use hyper::{Request, Response, StatusCode, Version};
use percent_encoding::percent_decode_str;

use crate::answer::{Failure, Retry, shown};
use crate::endpoint::{Endpoint, Protocol};
use crate::message::{self, Partial};
use crate::options::Options;
use crate::request::Body;
use crate::sender::{AGENT, MAX_ANSWER};

#[cfg(test)]
mod tests;

/// Bytes in headers, with padding or without.
const BINARY: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

/// A call with a message in its frame.
pub(crate) fn call(
    endpoint: &Endpoint,
    options: &Options,
    signal: Signal,
    framed: Body,
) -> Result<Request<Body>, Failure> {
    let scheme = if endpoint.tls { "https" } else { "http" };
    let uri = format!("{scheme}://{}{}", endpoint.authority(), method(signal));
    let mut request = Request::post(uri).version(Version::HTTP_2);
    if let Some(headers) = request.headers_mut() {
        headers.extend(options.credentials.headers.clone());
    }
    request = request
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers")
        .header(USER_AGENT, AGENT)
        .header("grpc-timeout", format!("{}m", options.timeout.as_millis().min(99_999_999)));
    if options.gzip {
        request = request.header("grpc-encoding", "gzip");
    }
    request.body(framed).map_err(|error| Failure::never(error.to_string()))
}

/// Reads the answer to a call.
pub(crate) async fn answer(
    endpoint: &Endpoint,
    response: Response<Incoming>,
) -> Result<Partial, Failure> {
    let (head, body) = response.into_parts();
    if head.headers.contains_key("grpc-status") {
        return outcome(&head.headers, b"");
    }
    let is_grpc = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    if head.status != StatusCode::OK || !is_grpc {
        return Err(no_grpc(endpoint, head.status));
    }
    let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
        Failure::new(Retry::Later(None), format!("its answer broke off: {error}"))
    })?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    outcome(&trailers, &body.to_bytes())
}

/// The failure of an answer that no gRPC server gave, by the codes that gRPC has for HTTP's.
fn no_grpc(endpoint: &Endpoint, status: StatusCode) -> Failure {
    match status.as_u16() {
        401 => Failure::never(denied("401 Unauthorized")),
        403 => Failure::never(denied("403 Forbidden")),
        429 | 502..=504 => Failure::new(Retry::Later(None), format!("it answers {status}")),
        _ => Failure::never(format!(
            "it answers {status}, which is no answer of gRPC: if it is OTLP/HTTP, send to '{}'",
            endpoint.speaking(Protocol::Http, endpoint.tls)
        )),
    }
}

/// What to do when an upstream does not let us in.
pub(crate) fn denied(answer: &str) -> String {
    format!(
        "it answers {answer}: name a token or headers that it takes, as in CREATE SECRET (TYPE otlp, SCOPE …, TOKEN …)"
    )
}

/// What status and message say.
fn outcome(trailers: &HeaderMap, body: &[u8]) -> Result<Partial, Failure> {
    let text = |name| trailers.get(name).and_then(|value| value.to_str().ok());
    let Some(code) = text("grpc-status").and_then(|code| code.parse::<usize>().ok()) else {
        return Err(Failure::new(Retry::Later(None), "its answer has no status of gRPC"));
    };
    if code == 0 {
        // Responses are not asked to be compressed.
        let message = body.get(5..).filter(|_| body.first() == Some(&0)).unwrap_or_default();
        return Ok(message::partial(message));
    }
    let details = text("grpc-status-details-bin").and_then(|text| BINARY.decode(text).ok());
    let details = details.map(|bytes| message::status(&bytes)).unwrap_or_default();
    let message = match text("grpc-message") {
        Some(message) => percent_decode_str(message).decode_utf8_lossy().into_owned(),
        None => details.message,
    };
    Err(failure(code, &message, details.retry))
}

fn failure(code: usize, message: &str, asked: Option<Duration>) -> Failure {
    let name = NAMES.get(code).copied().unwrap_or("an unknown status");
    let said = match message {
        "" => name.to_owned(),
        message => format!("{name}: {}", shown(message)),
    };
    match name {
        "CANCELLED" | "DEADLINE_EXCEEDED" | "ABORTED" | "OUT_OF_RANGE" | "UNAVAILABLE"
        | "DATA_LOSS" => Failure::new(Retry::Later(asked), format!("it answers {said}")),
        "RESOURCE_EXHAUSTED" if asked.is_some() => {
            Failure::new(Retry::Later(asked), format!("it answers {said}"))
        }
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => Failure::never(denied(&said)),
        _ => Failure::never(format!("it answers {said}")),
    }
}
