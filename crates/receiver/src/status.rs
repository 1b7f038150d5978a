//! `google.rpc.Status`, the body of every refusal, in both encodings of OTLP.

use std::fmt::Write as _;

use duckspan_otlp::wire::{put_len, put_tag, put_varint};

use crate::limits::Limits;
use crate::refusal::{Reason, Refusal};

#[cfg(test)]
mod tests;

/// A gRPC status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Cancelled = 1,
    InvalidArgument = 3,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// What a status says beyond its message.
enum Detail<'a> {
    /// `google.rpc.RetryInfo`: when to try again, in seconds.
    RetryInfo(u64),
    /// `google.rpc.BadRequest`: what is wrong with the request.
    BadRequest(&'a str),
}

impl<'a> Detail<'a> {
    fn of(refusal: &'a Refusal, limits: &Limits) -> Option<Detail<'a>> {
        match refusal.reason {
            reason if reason.is_back_pressure() => Some(Detail::RetryInfo(retry_seconds(limits))),
            Reason::Malformed => Some(Detail::BadRequest(&refusal.message)),
            _ => None,
        }
    }

    fn type_url(&self) -> &'static str {
        match self {
            Detail::RetryInfo(_) => "type.googleapis.com/google.rpc.RetryInfo",
            Detail::BadRequest(_) => "type.googleapis.com/google.rpc.BadRequest",
        }
    }
}

/// The delay asked of clients, in whole seconds, as `Retry-After` wants it.
pub(crate) fn retry_seconds(limits: &Limits) -> u64 {
    limits.retry_delay.as_millis().div_ceil(1000) as u64
}

/// Whether the status has details, which gRPC sends in a header of their own.
pub(crate) fn has_details(refusal: &Refusal, limits: &Limits) -> bool {
    Detail::of(refusal, limits).is_some()
}

/// The status in protobuf.
pub(crate) fn protobuf(refusal: &Refusal, limits: &Limits) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, 1, 0);
    put_varint(&mut out, refusal.reason.code() as u64);
    put_len(&mut out, 2, refusal.message.as_bytes());
    if let Some(detail) = Detail::of(refusal, limits) {
        let mut any = Vec::new();
        put_len(&mut any, 1, detail.type_url().as_bytes());
        put_len(&mut any, 2, &value(&detail));
        put_len(&mut out, 3, &any);
    }
    out
}

/// The message inside of the `Any`.
fn value(detail: &Detail<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    let mut inner = Vec::new();
    match detail {
        Detail::RetryInfo(seconds) => {
            put_tag(&mut inner, 1, 0);
            put_varint(&mut inner, *seconds);
        }
        Detail::BadRequest(description) => {
            put_len(&mut inner, 1, b"body");
            put_len(&mut inner, 2, description.as_bytes());
        }
    }
    put_len(&mut message, 1, &inner);
    message
}

/// The status in JSON.
pub(crate) fn json(refusal: &Refusal, limits: &Limits) -> Vec<u8> {
    let message = json_string(&refusal.message);
    let mut out = format!("{{\"code\":{},\"message\":{message}", refusal.reason.code() as u8);
    if let Some(detail) = Detail::of(refusal, limits) {
        let _ = write!(out, ",\"details\":[{{\"@type\":\"{}\",", detail.type_url());
        let _ = match detail {
            Detail::RetryInfo(seconds) => write!(out, "\"retryDelay\":\"{seconds}s\""),
            Detail::BadRequest(_) => {
                write!(
                    out,
                    "\"fieldViolations\":[{{\"field\":\"body\",\"description\":{message}}}]"
                )
            }
        };
        out.push_str("}]");
    }
    out.push('}');
    out.into_bytes()
}

/// A text as a JSON string, with its quotes.
pub(crate) fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
