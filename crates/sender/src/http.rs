//! OTLP over HTTP: `POST /v1/{traces,metrics,logs}` in protobuf.

use std::time::{Duration, SystemTime};

use duckspan_otlp::Signal;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, StatusCode};

use crate::answer::{Failure, Retry, shown};
use crate::endpoint::{Endpoint, Protocol};
use crate::grpc::denied;
use crate::message::{self, Partial};
use crate::options::Options;
use crate::request::Body;
use crate::sender::{AGENT, MAX_ANSWER};

#[cfg(test)]
mod tests;

const PROTOBUF: &str = "application/x-protobuf";

/// A request with a message as its body.
pub(crate) fn post(
    endpoint: &Endpoint,
    options: &Options,
    signal: Signal,
    message: Body,
) -> Result<Request<Body>, Failure> {
    let path = format!("{}/v1/{}", endpoint.path, signal.name());
    let mut request = Request::post(path);
    if let Some(headers) = request.headers_mut() {
        headers.extend(options.credentials.headers.clone());
    }
    request = request
        .header(HOST, endpoint.authority())
        .header(CONTENT_TYPE, PROTOBUF)
        .header(USER_AGENT, AGENT);
    if options.gzip {
        request = request.header(CONTENT_ENCODING, "gzip");
    }
    request.body(message).map_err(|error| Failure::never(error.to_string()))
}

/// Reads the answer to a request.
pub(crate) async fn answer(
    endpoint: &Endpoint,
    response: Response<Incoming>,
) -> Result<Partial, Failure> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
        Failure::new(Retry::Later(None), format!("its answer broke off: {error}"))
    })?;
    let body = body.to_bytes();
    let is_protobuf = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(PROTOBUF.as_bytes()));
    match (head.status.is_success(), is_protobuf) {
        (true, true) => Ok(message::partial(&body)),
        (true, false) if body.is_empty() => Ok(Partial::default()),
        // A page that says welcome, say: rows are not to be lost at it.
        (true, false) => Err(Failure::never(format!(
            "it answers {}, but not as OTLP does: is it an OTLP endpoint? It says: {}",
            head.status,
            shown(&String::from_utf8_lossy(&body))
        ))),
        (false, _) => Err(failure(endpoint, head.status, &head.headers, &said(is_protobuf, &body))),
    }
}

/// What a body says of its refusal.
fn said(is_protobuf: bool, body: &[u8]) -> String {
    let text = match is_protobuf {
        true => message::status(body).message,
        false => String::from_utf8_lossy(body).into_owned(),
    };
    shown(&text)
}

fn failure(endpoint: &Endpoint, status: StatusCode, headers: &HeaderMap, said: &str) -> Failure {
    let answer = match said {
        "" => status.to_string(),
        said => format!("{status}: {said}"),
    };
    match status.as_u16() {
        429 | 502..=504 => {
            Failure::new(Retry::Later(retry_after(headers)), format!("it answers {answer}"))
        }
        401 | 403 => Failure::never(denied(&answer)),
        404 | 405 => Failure::never(format!(
            "it answers {answer}: OTLP is sent to '{endpoint}/v1/traces' and its like, and if it is OTLP/gRPC, send \
             to '{}'",
            Endpoint { path: String::new(), ..endpoint.speaking(Protocol::Grpc, endpoint.tls) }
        )),
        300..=399 => Failure::never(format!(
            "it answers {answer}, and points elsewhere: send to where it points"
        )),
        _ => Failure::never(format!("it answers {answer}")),
    }
}

/// When to come again: in so many seconds, or at a time.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = httpdate::parse_http_date(value).ok()?;
    Some(time.duration_since(SystemTime::now()).unwrap_or_default())
}
