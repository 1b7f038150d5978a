//! An OTLP receiver: gRPC and HTTP on one port, into rings.
//!
//! ```text
//! socket ─ connection ─ service ─┬─ grpc ─┬─ body ─ export ─→ store
//!                                └─ http ─┘
//! ```
//! A [`Receiver`] owns its threads. A request is stored whole or not at all, and can be queried when its
//! client is told that it was taken. What a request may demand stands in [`limits`]; what became of it is
//! counted in [`Counters`].
//!
//! What OTLP leaves to a receiver is decided in `docs/architecture.md`, under "Bad input".
#![forbid(unsafe_code)]

mod address;
mod archiving;
mod auth;
mod body;
mod budget;
mod config;
mod connection;
mod cors;
mod counters;
mod encoding;
mod expand;
mod export;
mod frames;
mod grpc;
mod helpers;
pub mod host;
mod http;
pub mod limits;
mod listen;
mod refusal;
mod reply;
mod room;
mod server;
mod service;
mod socket;
mod status;
mod stream;
mod tls;
mod welcome;

pub use address::{Address, AddressError};
pub use archiving::Archiving;
pub use auth::Token;
pub use config::{Config, HttpPort};
pub use cors::{Origin, OriginError};
pub use counters::{Counters, SignalCounters};
pub use limits::Limits;
pub use listen::StartError;
pub use refusal::Reason;
pub use server::Receiver;
pub use tls::{Tls, TlsError, TlsFiles};
pub use welcome::Page;
