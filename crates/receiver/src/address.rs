//! Addresses to listen on: `otlp://host:port`.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// A host and a port to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

impl Address {
    /// The port; 0 stands for any that is free.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same host with another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Address {
        Address { host: self.host.clone(), port }
    }

    /// The host, as it was written.
    pub(crate) fn host(&self) -> String {
        match &self.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        }
    }

    /// Whether who connects to this address of a machine reaches what listens here.
    pub fn is_reached_at(&self, ip: IpAddr) -> bool {
        let ours = |own: IpAddr| match own.is_unspecified() {
            // Only to an address of this machine can a socket be bound.
            true => (own.is_ipv6() || ip.is_ipv4()) && UdpSocket::bind((ip, 0)).is_ok(),
            false => own == ip,
        };
        self.resolve().is_ok_and(|ips| ips.into_iter().any(ours))
    }

    /// The addresses of the host. `localhost` is both loopback addresses, whatever the resolver thinks.
    ///
    /// # Errors
    /// If the name of the host is unknown.
    pub(crate) fn resolve(&self) -> io::Result<Vec<IpAddr>> {
        match &self.host {
            Host::Ip(ip) => Ok(vec![*ip]),
            Host::Name(name) if name.eq_ignore_ascii_case("localhost") => {
                Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
            }
            Host::Name(name) => {
                let mut ips = Vec::new();
                for ip in (name.as_str(), self.port).to_socket_addrs()?.map(|found| found.ip()) {
                    if !ips.contains(&ip) {
                        ips.push(ip);
                    }
                }
                Ok(ips)
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(ip) => SocketAddr::new(*ip, self.port).fmt(f),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

/// Why a text is not an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    address: String,
    reason: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AddressError { address, reason } = self;
        write!(f, "Invalid OTLP address \"{address}\": {reason}; expected 'otlp://host:port'")
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(address: &str) -> Result<Address, AddressError> {
        parse(address).map_err(|reason| AddressError { address: address.to_owned(), reason })
    }
}

fn parse(address: &str) -> Result<Address, String> {
    let authority = match address.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("otlp") => rest,
        Some((scheme, _)) => return Err(format!("the scheme is \"{scheme}\", not \"otlp\"")),
        None => address,
    };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (ip, rest) = rest.split_once(']').ok_or("\"[\" without \"]\"")?;
            let ip = Ipv6Addr::from_str(ip).map_err(|_| format!("\"{ip}\" is no IPv6 address"))?;
            (Host::Ip(ip.into()), rest.strip_prefix(':').filter(|port| !port.is_empty()))
        }
        None => {
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
                None => (authority, None),
            };
            (parse_host(host)?, port)
        }
    };
    let port = port.ok_or("the port is missing")?;
    Ok(Address { host, port: parse_port(port)? })
}

fn parse_host(host: &str) -> Result<Host, String> {
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    if let Ok(ip) = Ipv4Addr::from_str(host) {
        return Ok(Host::Ip(ip.into()));
    }
    if host.contains(':') {
        return Err("an IPv6 address stands in brackets, as in \"[::1]:4317\"".to_owned());
    }
    if host == "*" {
        return Err("\"*\" is no host: \"0.0.0.0\" stands for every address".to_owned());
    }
    let numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if numeric || host.len() > 253 || !host.split('.').all(is_label) {
        return Err(format!("\"{host}\" is no host name and no IP address"));
    }
    Ok(Host::Name(host.to_owned()))
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn parse_port(port: &str) -> Result<u16, String> {
    if let Some((port, _)) = port.split_once('/')
        && parse_port(port).is_ok()
    {
        return Err("nothing may follow the port".to_owned());
    }
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("\"{port}\" is no port number"));
    }
    port.parse().map_err(|_| format!("port {port} is not between 0 and 65535"))
}
