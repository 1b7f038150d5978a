//! What `ATTACH … (TYPE otlp, …)` asks for.

use std::net::ToSocketAddrs as _;
use std::sync::Arc;

use duckspan_receiver::limits::{CONNECTION_SIZE, thread_bytes};
use duckspan_receiver::{
    Address, Archiving, Config, HttpPort, Limits, Origin, Page, Receiver, StartError, Tls, Token,
};
use duckspan_ring::{Limits as RingLimits, Rings};
use duckspan_tables::fault::{Fault, FaultKind, Result};

use crate::archive::{self, ArchiveOptions};
use crate::forward::{self, Forward, ForwardOptions, to_itself};

use crate::tls::{self, TlsOptions};

#[cfg(test)]
mod tests;

/// The options, and what they are for; in the order of the docs.
const OPTIONS: [&str; 6] =
    ["max_rows", "memory_limit", "http_port", "max_request_size", "token", "cors_origins"];

/// The one that takes several values.
const LIST: &str = "cors_origins";

/// The ports that the exporters of the SDKs send to, unless told otherwise: over gRPC, and over HTTP.
const GRPC_PORT: u16 = 4317;
const HTTP_PORT: u16 = 4318;

/// `http_port` where there is to be no second port.
pub(crate) const NO_PORT: &str = "none";

/// The part of `memory_limit` that requests may hold while they are received: a quarter.
const IN_FLIGHT_SHARE: u64 = 4;

/// The part of it that connections may hold beside requests, and threads to work in.
const CONNECTION_SHARE: u64 = 16;

/// The part of it that rows may take which made room for others, but are kept for transactions and results that are
/// open.
const PINNED_SHARE: u64 = 8;

/// Where what connections may hold is little, there is room for so many connections if it is no more than this part.
const LEAST_CONNECTIONS: u64 = 16;
const LARGEST_CONNECTION_SHARE: u64 = 4;

/// The least that `memory_limit` can be.
const MIN_MEMORY: u64 = 1_000_000;

/// Where to listen, and what to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOptions {
    address: Address,
    http_port: SecondPort,
    max_rows: u64,
    memory_limit: u64,
    max_request_size: u64,
    token: Option<Token>,
    /// `None` for pages of this machine.
    cors_origins: Option<Vec<Origin>>,
    tls: TlsOptions,
    archive: ArchiveOptions,
    forward: ForwardOptions,
    /// Those that were set.
    given: Given,
}

/// The names of options that were set. What is said once more in other words is the same.
#[derive(Debug, Clone, Default)]
struct Given(Vec<String>);

impl PartialEq for Given {
    fn eq(&self, _: &Given) -> bool {
        true
    }
}

impl Eq for Given {}

/// What `http_port` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecondPort {
    /// Nothing: 4318 if it is free and the first is 4317, so that every exporter finds the receiver.
    Default,
    None,
    At(u16),
}

impl LiveOptions {
    /// Listens at `path`, with every option at its default.
    ///
    /// # Errors
    /// If `path` is no `otlp://host:port`.
    pub fn new(path: &str) -> Result<LiveOptions> {
        let address = match path.split_at_checked("otlp:".len()) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("otlp:") => match rest {
                rest if rest.starts_with("//") => path,
                rest => rest,
            },
            _ => path,
        };
        Ok(LiveOptions {
            address: address.parse().map_err(|error| binder(format!("{error}")))?,
            http_port: SecondPort::Default,
            max_rows: 1_000_000,
            memory_limit: 512_000_000,
            max_request_size: 64_000_000,
            token: None,
            cors_origins: None,
            tls: TlsOptions::default(),
            archive: ArchiveOptions::default(),
            forward: ForwardOptions::default(),
            given: Given::default(),
        })
    }

    /// Sets an option. One that takes a list is set once for each of its elements.
    ///
    /// # Errors
    /// If there is no such option, or the value is not one it takes.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if name != LIST && self.given.0.iter().any(|given| given == name) {
            return Err(binder(format!("{name} takes one value, and no list of several")));
        }
        self.given.0.push(name.to_owned());
        match name {
            "max_rows" => self.max_rows = number(name, value, 1, u64::MAX)?,
            "memory_limit" => self.memory_limit = size(name, value, MIN_MEMORY, "1MB")?,
            "http_port" if value.eq_ignore_ascii_case(NO_PORT) => {
                self.http_port = SecondPort::None;
            }
            "http_port" => {
                let wanted = "'none', or a whole number from 0 to 65535";
                let port = value.parse().map_err(|_| invalid(name, value, wanted))?;
                self.http_port = SecondPort::At(port);
            }
            "max_request_size" => self.max_request_size = size(name, value, 1, "1 byte")?,
            "token" => {
                let token = Token::new(value).ok_or_else(|| {
                    binder("token must be printable ASCII without spaces, and not empty")
                })?;
                self.token = Some(token);
            }
            LIST => {
                // Of nothing it is a list too: no page may send.
                let origins = self.cors_origins.get_or_insert_default();
                for origin in value.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
                    let origin = origin.parse().map_err(|error| binder(format!("{error}")))?;
                    origins.push(origin);
                }
            }
            _ if tls::OPTIONS.contains(&name) => self.tls.set(name, value)?,
            _ if archive::OPTIONS.contains(&name) => {
                let set = self.archive.set(name, value);
                set.map_err(|wanted| invalid(name, value, wanted))?;
            }
            _ if forward::OPTIONS.contains(&name) => self.forward.set(name, value)?,
            _ => {
                let known = [&OPTIONS[..], &tls::OPTIONS, &archive::OPTIONS, &forward::OPTIONS]
                    .concat()
                    .join(", ");
                let message = format!(
                    "Unrecognized option for attach \"{name}\": TYPE otlp has the options {known}"
                );
                return Err(binder(message));
            }
        }
        Ok(())
    }

    /// Refuses options that say nothing without another that is not there.
    ///
    /// # Errors
    /// If there are any.
    pub(crate) fn check(&self) -> Result<()> {
        let of_archive = self.archive.target.is_none().then_some(&archive::NEED_TARGET[..]);
        let of_forward = self.forward.path().is_none().then_some(forward::NEED_UPSTREAM);
        let idle = [("archive", of_archive), ("forward", of_forward)];
        for (needed, names) in idle {
            let given = |name: &&&str| self.given.0.iter().any(|given| given == **name);
            if let Some(name) = names.into_iter().flatten().find(given) {
                return Err(binder(format!(
                    "{name} says nothing without {needed}, which says where to"
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn archive(&self) -> &ArchiveOptions {
        &self.archive
    }

    /// Where rows are forwarded to, if anywhere.
    pub fn forward(&self) -> Option<String> {
        self.forward.path().map(str::to_owned)
    }

    /// Sets what the secret for that has: `key` is the name of a header.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn set_secret(&mut self, name: &str, key: &str, value: &str) -> Result<()> {
        self.forward.set_secret(name, key, value)
    }

    /// Begins to forward what comes to `rings`, if that is asked for.
    ///
    /// # Errors
    /// If that would come back, or cannot be sent with what the secret has.
    pub(crate) fn forward_from(&self, rings: &Arc<Rings>) -> Result<Option<Forward>> {
        let second = match self.http_port {
            SecondPort::At(port) => Some(port),
            SecondPort::Default | SecondPort::None => None,
        };
        let mut ports = [Some(self.address.port()), second].into_iter().flatten();
        match self.forward.endpoint().filter(|_| ports.any(|port| self.forwards_to(port))) {
            Some(endpoint) => Err(to_itself(endpoint)),
            None => self.forward.start(rings, self.memory_limit),
        }
    }

    /// Whether what is forwarded would come back, if that port is received at.
    fn forwards_to(&self, port: u16) -> bool {
        self.forward.endpoint().filter(|endpoint| endpoint.port() == port).is_some_and(|endpoint| {
            let found = (endpoint.host(), port).to_socket_addrs();
            found.is_ok_and(|mut found| found.any(|at| self.address.is_reached_at(at.ip())))
        })
    }

    /// TLS, if clients have to speak it.
    ///
    /// # Errors
    /// If its files are not there, or cannot be used.
    pub(crate) fn tls(&self) -> Result<Option<Arc<Tls>>> {
        self.tls.load()
    }

    /// Bytes of memory for everything that is kept and received.
    pub fn memory_limit(&self) -> u64 {
        self.memory_limit
    }

    /// The same, at another port.
    pub(crate) fn with_port(&self, port: u16) -> LiveOptions {
        LiveOptions { address: self.address.with_port(port), ..self.clone() }
    }

    /// The same, at the ports that were free where it says 0.
    pub(crate) fn with_ports(&self, port: u16, http_port: Option<u16>) -> LiveOptions {
        let http_port = http_port.map_or(SecondPort::None, SecondPort::At);
        LiveOptions { http_port, ..self.with_port(port) }
    }

    /// Whether it asks for that port.
    pub(crate) fn wants(&self, port: u16) -> bool {
        self.address.port() == port || self.http_port == SecondPort::At(port)
    }

    /// The second port that it asks for although nobody named one; not that of a Collector beside it.
    pub(crate) fn default_http_port(&self) -> Option<u16> {
        // Whoever named another first port wants that one, and is not to be surprised by a second.
        let wanted = self.http_port == SecondPort::Default && self.address.port() == GRPC_PORT;
        (wanted && !self.forwards_to(HTTP_PORT)).then_some(HTTP_PORT)
    }

    /// Whether somebody would look for a second port.
    pub(crate) fn expects_http_port(&self) -> bool {
        self.http_port == SecondPort::None || self.default_http_port().is_some()
    }

    fn second_port(&self) -> Option<HttpPort> {
        match self.http_port {
            SecondPort::Default => self.default_http_port().map(HttpPort::IfFree),
            SecondPort::None => None,
            SecondPort::At(port) => Some(HttpPort::Exactly(port)),
        }
    }

    /// The address, as `ATTACH` takes it.
    pub(crate) fn path(&self) -> String {
        format!("otlp://{}", self.address)
    }

    fn in_flight_bytes(&self) -> u64 {
        (self.memory_limit / IN_FLIGHT_SHARE).min(Limits::DEFAULT.in_flight_bytes as u64)
    }

    fn connection_bytes(&self) -> u64 {
        let share = self.memory_limit / CONNECTION_SHARE;
        let least = LEAST_CONNECTIONS * CONNECTION_SIZE as u64;
        // A share of a small limit would be less than one connection takes, so a few have room at the expense of
        // rows.
        share.saturating_sub(thread_bytes() as u64).clamp(
            least.min(self.memory_limit / LARGEST_CONNECTION_SHARE),
            Limits::DEFAULT.connection_bytes as u64,
        )
    }

    /// Starts to receive into `rings`.
    ///
    /// # Errors
    /// If that cannot be done at this address.
    pub(crate) fn receive(
        &self,
        rings: &Arc<Rings>,
        archiving: Option<Archiving>,
        page: Page,
        tls: Option<Arc<Tls>>,
    ) -> std::result::Result<Receiver, StartError> {
        let default = Config::new(self.address.clone());
        let config = Config {
            http_port: self.second_port(),
            limits: Limits {
                max_request_size: usize::try_from(self.max_request_size).unwrap_or(usize::MAX),
                in_flight_bytes: usize::try_from(self.in_flight_bytes()).unwrap_or(usize::MAX),
                connection_bytes: usize::try_from(self.connection_bytes()).unwrap_or(usize::MAX),
                ..Limits::DEFAULT
            },
            token: self.token.clone(),
            cors_origins: self.cors_origins.clone().unwrap_or(default.cors_origins),
            address: default.address,
            archiving,
            page,
            tls,
        };
        Receiver::start(config, Arc::clone(rings))
    }

    pub(crate) fn ring_limits(&self) -> RingLimits {
        let received = self.in_flight_bytes() + self.connection_bytes();
        let threads = (self.memory_limit / CONNECTION_SHARE).min(thread_bytes() as u64);
        let pinned_limit = self.memory_limit / PINNED_SHARE;
        let forwarded = self.forward.share(self.memory_limit);
        // What is left is for rows: all shares together are `memory_limit`, no more.
        let memory_limit = self.memory_limit - received - threads - pinned_limit - forwarded;
        RingLimits { max_rows: self.max_rows, memory_limit, pinned_limit }
    }
}

fn number(name: &str, value: &str, min: u64, max: u64) -> Result<u64> {
    let wanted = || match max {
        u64::MAX => format!("a whole number from {min} on"),
        _ => format!("a whole number from {min} to {max}"),
    };
    let number = value.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| invalid(name, value, &wanted()))
}

/// Bytes, as in DuckDB's own `memory_limit`: `'512MB'`, `'1.5 GiB'`; or a plain number.
fn size(name: &str, value: &str, min: u64, least: &str) -> Result<u64> {
    let text = value.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let bytes = unit_bytes(&unit.trim().to_ascii_lowercase())
        .and_then(|unit| Some(number.parse::<f64>().ok()? * unit as f64))
        .filter(|&bytes| bytes >= min as f64 && bytes < i64::MAX as f64);
    let wanted = format!("a size of at least {least}, such as '512MB' or '1GiB'");
    bytes.map(|bytes| bytes as u64).ok_or_else(|| invalid(name, value, &wanted))
}

fn unit_bytes(unit: &str) -> Option<u64> {
    Some(match unit {
        "" | "b" | "byte" | "bytes" => 1,
        "k" | "kb" | "kilobyte" | "kilobytes" => 1_000,
        "m" | "mb" | "megabyte" | "megabytes" => 1_000_000,
        "g" | "gb" | "gigabyte" | "gigabytes" => 1_000_000_000,
        "t" | "tb" | "terabyte" | "terabytes" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    })
}

fn invalid(name: &str, value: &str, wanted: &str) -> Fault {
    binder(format!("{name} '{value}' is not {wanted}"))
}

fn binder(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Binder, message)
}
