//! OTLP requests to an upstream: gRPC and HTTP, several at a time, each tried again where that may help.
//!
//! ```text
//! request ─ Sender: a place in flight ─┬─ delivery ─┬─ grpc ─┬─ connect ─→ upstream
//!  source ─ Forwarder: the same ───────┘            └─ http ─┘
//! ```
//! A [`Sender`] owns its thread. Whoever sends waits for a place, never for an answer; what became of all requests is
//! in the [`Report`]. A [`Forwarder`] asks a source for requests instead, and never gives up. A request whose answer was lost is sent again, so that an upstream may have it twice, as OTLP
//! has it.
#![forbid(unsafe_code)]

mod answer;
mod backoff;
mod connect;
mod delivery;
mod endpoint;
mod first;
mod forwarder;
mod grpc;
mod http;
mod message;
mod options;
mod request;
mod sender;
mod tls;

pub use endpoint::{Endpoint, EndpointError};
pub use forwarder::{Forwarder, Outcome, Source};
pub use options::{COMPRESSIONS, Credentials, OptionError, Options, compresses};
pub use request::Request;
pub use sender::{Failed, Report, Sender};
