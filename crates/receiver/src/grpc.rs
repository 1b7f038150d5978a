//! OTLP over gRPC: unary calls, their framing and their trailers.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bytes::Bytes;
use duckspan_otlp::Signal;
use duckspan_otlp::compression::Compression;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, Version, http::request::Parts};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::body::{Arriving, Gather, Payload};
use crate::budget::Charge;
use crate::encoding::{Encoding, compression, media_type};
use crate::export::Accepted;
use crate::limits::Limits;
use crate::refusal::{Reason, Refusal};
use crate::reply::Reply;
use crate::status;

#[cfg(test)]
mod tests;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// What `grpc-message` may not hold as it is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

const PROFILES: &str = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/";

/// Whether a media type is one of gRPC; gRPC-Web is another protocol.
pub(crate) fn is_grpc(media_type: &str) -> bool {
    let head = media_type.get(..MEDIA_TYPE.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case("application/grpc"))
        && matches!(media_type.as_bytes().get(MEDIA_TYPE.len()), None | Some(b'+'))
}

/// The signal that a method exports.
pub(crate) fn signal(path: &str) -> Option<Signal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Signal::Traces),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        _ => None,
    }
}

/// Checks the head of a call and tells how its message may be compressed.
pub(crate) fn check(head: &Parts) -> Result<Option<Compression>, Refusal> {
    if head.version != Version::HTTP_2 {
        return Err(Refusal::new(Reason::Unsupported, "gRPC needs HTTP/2"));
    }
    if head.method != hyper::Method::POST {
        return Err(Refusal::new(Reason::Method, "gRPC calls are POST requests"));
    }
    let subtype = media_type(&head.headers).get(MEDIA_TYPE.len()..).unwrap_or("");
    if !subtype.is_empty() && !subtype.eq_ignore_ascii_case("+proto") {
        let message = format!("messages of type application/grpc{subtype} are not understood");
        return Err(Refusal::new(Reason::Unsupported, message));
    }
    match compression(&head.headers, &GRPC_ENCODING) {
        Ok(Compression::None) => Ok(None),
        Ok(compression) => Ok(Some(compression)),
        Err(name) => {
            let message = format!("grpc-encoding \"{name}\" is not understood: gzip and zstd are");
            Err(Refusal::new(Reason::Unsupported, message))
        }
    }
}

/// The refusal of a method that is not there.
pub(crate) fn unknown(path: &str) -> Refusal {
    let message = if path.starts_with(PROFILES) {
        "profiles are not received: traces, metrics and logs are".to_owned()
    } else {
        format!(
            "there is no method {path}: Export of TraceService, MetricsService and LogsService of OTLP are here"
        )
    };
    Refusal::new(Reason::UnknownPath, message)
}

/// The time that the client waits for an answer.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    // Eight digits at most, by the protocol; `parse` alone would take a sign. What is no time is as if it was not
    // there: then the limit of the receiver holds.
    let plain = (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| plain)?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Reads the one message of a call, and whether it is compressed.
pub(crate) async fn read(
    body: &mut Arriving,
    limit: usize,
    charge: Charge,
) -> Result<(Payload, bool), Refusal> {
    let mut framing = Framing::new(limit, charge);
    while let Some(bytes) = body.next().await? {
        framing.push(bytes, body.is_read())?;
    }
    framing.finish()
}

/// The frame around a message: a flag, a length, and the message.
struct Framing {
    prefix: [u8; Framing::PREFIX],
    have: usize,
    message: Gather,
}

impl Framing {
    const PREFIX: usize = 5;

    fn new(limit: usize, charge: Charge) -> Framing {
        Framing { prefix: [0; Framing::PREFIX], have: 0, message: Gather::new(limit, charge) }
    }

    fn push(&mut self, mut bytes: Bytes, is_last: bool) -> Result<(), Refusal> {
        if self.have < Framing::PREFIX {
            let prefix = bytes.split_to(bytes.len().min(Framing::PREFIX - self.have));
            self.push_prefix(&prefix)?;
        }
        // Found before it is kept: the second message would be held for nothing.
        if bytes.len() > self.message.missing() {
            return Err(Refusal::malformed("more than one message in a unary call"));
        }
        self.message.take(bytes, is_last)
    }

    fn push_prefix(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.prefix[self.have..self.have + bytes.len()].copy_from_slice(bytes);
        self.have += bytes.len();
        if self.have == Framing::PREFIX {
            let [_, length @ ..] = self.prefix;
            self.message.expect(u64::from(u32::from_be_bytes(length)))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(Payload, bool), Refusal> {
        let [flag, ..] = self.prefix;
        let (have, missing) = (self.message.len(), self.message.missing());
        if self.have < Framing::PREFIX {
            Err(Refusal::malformed("there is no message"))
        } else if flag > 1 {
            Err(Refusal::malformed(format!("unknown gRPC flag {flag}")))
        } else if missing > 0 {
            let message = format!("the message ends after {have} of {} bytes", have + missing);
            Err(Refusal::malformed(message))
        } else {
            Ok((self.message.finish(), flag == 1))
        }
    }
}

/// The answer to a call whose rows were taken.
pub(crate) fn accepted(signal: Signal, accepted: &Accepted) -> Response<Reply> {
    let message = accepted.response(signal, Encoding::Protobuf);
    let mut framed = Vec::with_capacity(Framing::PREFIX + message.len());
    framed.push(0);
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(&message);
    // Clients take a call without trailers for one that failed, whatever its message says.
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let mut response = Response::new(Reply::of(framed).with_trailers(trailers));
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response
}

/// The answer to a call that was refused: headers that are trailers, and no message.
pub(crate) fn refused(refusal: &Refusal, limits: &Limits) -> Response<Reply> {
    let mut response = Response::new(Reply::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    headers.insert(GRPC_STATUS, HeaderValue::from(refusal.reason.code() as u16));
    // Headers hold ASCII only.
    let message = utf8_percent_encode(&refusal.message, ESCAPED).to_string();
    if let Ok(message) = HeaderValue::try_from(message) {
        headers.insert(GRPC_MESSAGE, message);
    }
    if status::has_details(refusal, limits) {
        let details = BASE64_STANDARD_NO_PAD.encode(status::protobuf(refusal, limits));
        if let Ok(details) = HeaderValue::try_from(details) {
            headers.insert(GRPC_STATUS_DETAILS, details);
        }
    }
    if refusal.reason == Reason::Unsupported {
        let accepted = HeaderValue::from_static("identity,gzip,zstd");
        headers.insert(GRPC_ACCEPT_ENCODING, accepted);
    }
    response
}
