//! What a receiver is started with.

use std::sync::Arc;

use crate::address::Address;
use crate::archiving::Archiving;
use crate::auth::Token;
use crate::cors::Origin;
use crate::limits::Limits;
use crate::tls::Tls;
use crate::welcome::Page;

/// What a receiver is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where gRPC and OTLP/HTTP are received, both.
    pub address: Address,
    /// A second port of the same host, where both are received too.
    pub http_port: Option<HttpPort>,
    /// What clients may demand.
    pub limits: Limits,
    /// TLS, which clients have to speak then, on either port.
    pub tls: Option<Arc<Tls>>,
    /// What requests have to carry; `None` lets every client send.
    pub token: Option<Token>,
    /// The web pages that may send.
    pub cors_origins: Vec<Origin>,
    /// Where rows are archived.
    pub archiving: Option<Archiving>,
    /// Where people can see what was received.
    pub page: Page,
}

/// A second port; 0 stands for any that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpPort {
    /// That one, or the receiver does not start.
    Exactly(u16),
    /// That one, or none if somebody else has it.
    IfFree(u16),
}

impl Config {
    /// A receiver at `address` with nothing else set.
    pub fn new(address: Address) -> Config {
        let cors_origins = Origin::localhost();
        Config {
            address,
            http_port: None,
            limits: Limits::DEFAULT,
            tls: None,
            token: None,
            cors_origins,
            archiving: None,
            page: Page::default(),
        }
    }
}
