//! The servers that are compared.

use std::any::Any;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use duckspan_receiver::{Config, Receiver};
use duckspan_ring::{Limits, Rings};

use crate::secure::Folder;
use crate::sink;

pub(crate) const ANY_PORT: &str = "127.0.0.1:0";

/// What ATTACH leaves for rows by default. Requests of hundreds of spans in protobuf fill that in the half
/// second that does not count, so that rows are evicted as they are for most of a receiver's life.
const LIMITS: Limits =
    Limits { max_rows: 1_000_000, memory_limit: 352_000_000, pinned_limit: u64::MAX };

/// A server. All but the receiver drop what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Receiver,
    /// tonic's server as it comes.
    Tonic,
    /// tonic's server, set up as the receiver is.
    TonicTuned,
    Hyper,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Receiver, Kind::Tonic, Kind::TonicTuned, Kind::Hyper];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Receiver => "receiver",
            Kind::Tonic => "tonic",
            Kind::TonicTuned => "tonic-tuned",
            Kind::Hyper => "hyper",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Kind, String> {
        let mut all = Kind::ALL.into_iter();
        all.find(|kind| kind.name() == name).ok_or_else(|| format!("no server '{name}'"))
    }
}

/// Serves until standard input closes, at an address that is printed.
pub(crate) fn run(kind: Kind, tls: Option<&Folder>) -> Result<(), Box<dyn Error>> {
    let (address, _keep): (SocketAddr, Box<dyn Any>) = match kind {
        Kind::Receiver => {
            let tls = tls.map(Folder::receiver).transpose()?;
            let config = Config { tls, ..Config::new(ANY_PORT.parse()?) };
            let receiver = Receiver::start(config, Arc::new(Rings::new(LIMITS)))?;
            (receiver.address(), Box::new(receiver))
        }
        sink => {
            let (address, runtime) = sink::start(sink, tls)?;
            (address, Box::new(runtime))
        }
    };
    writeln!(io::stdout(), "{address}")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
