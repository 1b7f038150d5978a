//! OTLP over HTTP: `POST /v1/{traces,metrics,logs}`, in protobuf and JSON.

use duckspan_otlp::Signal;
use duckspan_otlp::compression::Compression;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::http::request::Parts;
use hyper::{Method, Response};

use crate::body::{Arriving, Gather, Payload};
use crate::budget::Charge;
use crate::encoding::{Encoding, compression, media_type};
use crate::export::Accepted;
use crate::limits::Limits;
use crate::refusal::{Reason, Refusal};
use crate::reply::Reply;
use crate::status;

/// The signal that is received at a path.
pub(crate) fn signal(path: &str) -> Option<Signal> {
    Signal::from_name(path.strip_prefix("/v1/")?).filter(|signal| path.ends_with(signal.name()))
}

/// Checks the head of a request and tells how its body is written and compressed.
pub(crate) fn check(head: &Parts) -> Result<(Encoding, Compression), Refusal> {
    if head.method != Method::POST {
        return Err(Refusal::new(Reason::Method, "OTLP is sent by POST"));
    }
    let media_type = media_type(&head.headers);
    let Some(encoding) = Encoding::of(media_type) else {
        let message = format!(
            "content type \"{media_type}\" is not understood: application/x-protobuf and application/json are"
        );
        return Err(Refusal::new(Reason::Unsupported, message));
    };
    let compression = compression(&head.headers, &CONTENT_ENCODING).map_err(|name| {
        let message = format!("content encoding \"{name}\" is not understood: gzip and zstd are");
        Refusal::new(Reason::Unsupported, message)
    })?;
    Ok((encoding, compression))
}

/// The refusal of a path where nothing is.
pub(crate) fn unknown(path: &str) -> Refusal {
    let message = match path {
        "/v1development/profiles" => {
            "profiles are not received: traces, metrics and logs are".to_owned()
        }
        _ => format!(
            "nothing is at {path}: OTLP is received at /v1/traces, /v1/metrics and /v1/logs"
        ),
    };
    Refusal::new(Reason::UnknownPath, message)
}

/// Reads a body.
pub(crate) async fn read(
    body: &mut Arriving,
    limit: usize,
    charge: Charge,
) -> Result<Payload, Refusal> {
    let mut gather = Gather::new(limit, charge);
    if let Some(length) = body.declared() {
        gather.expect(length)?;
    }
    while let Some(bytes) = body.next().await? {
        gather.take(bytes, body.is_read())?;
    }
    Ok(gather.finish())
}

/// The encoding of answers: that of the request, where it has one.
pub(crate) fn answer_encoding(head: &Parts) -> Encoding {
    Encoding::of(media_type(&head.headers)).unwrap_or(Encoding::Json)
}

/// The answer to a request whose rows were taken.
pub(crate) fn accepted(signal: Signal, encoding: Encoding, accepted: &Accepted) -> Response<Reply> {
    let mut response = Response::new(Reply::of(accepted.response(signal, encoding)));
    let media_type = HeaderValue::from_static(encoding.media_type());
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// The answer to a request that was refused.
pub(crate) fn refused(encoding: Encoding, refusal: &Refusal, limits: &Limits) -> Response<Reply> {
    let body = match encoding {
        Encoding::Protobuf => status::protobuf(refusal, limits),
        Encoding::Json => status::json(refusal, limits),
    };
    let mut response = Response::new(Reply::of(body));
    *response.status_mut() = refusal.reason.http();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoding.media_type()));
    if refusal.reason.is_back_pressure() {
        headers.insert(RETRY_AFTER, HeaderValue::from(status::retry_seconds(limits)));
    }
    let more = match refusal.reason {
        Reason::Method => Some((ALLOW, "POST, OPTIONS")),
        Reason::Unsupported => Some((ACCEPT_ENCODING, "gzip, zstd")),
        Reason::Unauthenticated => Some((WWW_AUTHENTICATE, "Bearer")),
        Reason::TimedOut => Some((CONNECTION, "close")),
        _ => None,
    };
    if let Some((name, value)) = more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
