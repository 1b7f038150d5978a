//! Why requests are refused, and what gRPC and HTTP call it.

use std::borrow::Cow;

use hyper::StatusCode;

use crate::budget::Exceeded;
use crate::limits::MAX_MESSAGE;
use crate::status::Code;

/// Why a request was refused. The discriminant indexes per-reason arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is not OTLP: the body, its compression or its framing.
    Malformed,
    /// It is larger than a request may be.
    TooLarge,
    /// Its rows are of another signal than it was sent to.
    WrongSignal,
    /// It did not come over TLS.
    Unsecured,
    /// It does not carry the token.
    Unauthenticated,
    /// A web page sent it that may not.
    Forbidden,
    /// There was no room for it beside the other requests; the client may try again.
    Overload,
    /// Its body took too long to arrive.
    TimedOut,
    /// The client went away before its body had arrived.
    Cancelled,
    /// Its media type or its compression is not understood.
    Unsupported,
    /// Nothing is received at its path.
    UnknownPath,
    /// It is not a POST.
    Method,
    /// It says of itself that it is compressed, but not how.
    CompressedUnnamed,
    /// The receiver is stopping; the client may try elsewhere, or later.
    Stopping,
    /// A fault of the receiver.
    Fault,
}

impl Reason {
    /// Every reason, in discriminant order.
    pub const ALL: [Reason; 15] = [
        Reason::Malformed,
        Reason::TooLarge,
        Reason::WrongSignal,
        Reason::Unsecured,
        Reason::Unauthenticated,
        Reason::Forbidden,
        Reason::Overload,
        Reason::TimedOut,
        Reason::Cancelled,
        Reason::Unsupported,
        Reason::UnknownPath,
        Reason::Method,
        Reason::CompressedUnnamed,
        Reason::Stopping,
        Reason::Fault,
    ];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::TooLarge => "too_large",
            Reason::WrongSignal => "wrong_signal",
            Reason::Unsecured => "unsecured",
            Reason::Unauthenticated => "unauthenticated",
            Reason::Forbidden => "forbidden",
            Reason::Overload => "overload",
            Reason::TimedOut => "timed_out",
            Reason::Cancelled => "cancelled",
            Reason::Unsupported => "unsupported",
            Reason::UnknownPath => "unknown_path",
            Reason::Method => "method",
            Reason::CompressedUnnamed => "compressed_unnamed",
            Reason::Stopping => "stopping",
            Reason::Fault => "fault",
        }
    }

    /// What it is called in gRPC. OTLP clients send again only what fits a code that says so.
    pub(crate) fn code(self) -> Code {
        match self {
            Reason::Malformed | Reason::WrongSignal => Code::InvalidArgument,
            Reason::TooLarge => Code::ResourceExhausted,
            Reason::Unsecured => Code::FailedPrecondition,
            Reason::Unauthenticated => Code::Unauthenticated,
            Reason::Forbidden => Code::PermissionDenied,
            Reason::Overload | Reason::TimedOut | Reason::Stopping => Code::Unavailable,
            Reason::Cancelled => Code::Cancelled,
            Reason::Unsupported | Reason::UnknownPath | Reason::Method => Code::Unimplemented,
            Reason::CompressedUnnamed | Reason::Fault => Code::Internal,
        }
    }

    /// What it is called in HTTP. OTLP clients send again only 429, 502, 503 and 504.
    pub(crate) fn http(self) -> StatusCode {
        match self {
            Reason::Malformed
            | Reason::WrongSignal
            | Reason::Unsecured
            | Reason::CompressedUnnamed => StatusCode::BAD_REQUEST,
            Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Reason::Unauthenticated => StatusCode::UNAUTHORIZED,
            Reason::Forbidden => StatusCode::FORBIDDEN,
            Reason::Overload | Reason::TimedOut | Reason::Cancelled | Reason::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Reason::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Reason::UnknownPath => StatusCode::NOT_FOUND,
            Reason::Method => StatusCode::METHOD_NOT_ALLOWED,
            Reason::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the client is told when to try again.
    pub(crate) fn is_back_pressure(self) -> bool {
        matches!(self, Reason::Overload | Reason::Stopping)
    }
}

/// A refused request: why, and what its client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) message: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { reason, message: shorten(message.into()) }
    }

    pub(crate) fn malformed(message: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(Reason::Malformed, message)
    }

    pub(crate) fn too_large(limit: usize) -> Refusal {
        let message = format!("the request is larger than {limit} bytes (max_request_size)");
        Refusal::new(Reason::TooLarge, message)
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Refusal {
        match exceeded {
            Exceeded::Now => {
                Refusal::new(Reason::Overload, "too many requests at a time, try again")
            }
            Exceeded::Ever => Refusal::new(
                Reason::TooLarge,
                "the request needs more memory than the receiver may use for requests",
            ),
        }
    }
}

/// Cuts a message to what fits in a header.
pub(crate) fn shorten(message: Cow<'static, str>) -> Cow<'static, str> {
    if message.len() <= MAX_MESSAGE {
        return message;
    }
    let end = message.floor_char_boundary(MAX_MESSAGE);
    Cow::Owned(format!("{}…", &message[..end]))
}
