//! Listening sockets, and why there are none.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::address::Address;

#[cfg(test)]
mod tests;

/// Why a receiver did not start.
#[derive(Debug)]
pub struct StartError {
    address: Address,
    error: io::Error,
}

impl StartError {
    pub(crate) fn new(address: &Address, error: io::Error) -> StartError {
        StartError { address: address.clone(), error }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StartError { address, error } = self;
        write!(f, "Failed to start OTLP receiver on {address}: ")?;
        match error.kind() {
            ErrorKind::AddrInUse => write!(
                f,
                "address already in use (another receiver or Collector is listening there; choose another port or stop it)"
            ),
            ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "permission denied (ports below 1024 are for the administrator; choose another port)"
                )
            }
            ErrorKind::AddrNotAvailable => {
                write!(f, "address not available (it is not an address of this machine)")
            }
            _ => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Attempts to find a free port that every address of the host has free.
const ATTEMPTS: usize = 16;

/// Listens at every address of the host that this machine has, on one port.
///
/// # Errors
/// If the host is unknown, none of its addresses is here, or the port is taken on one of them.
pub(crate) fn bind(address: &Address) -> Result<Vec<TcpListener>, StartError> {
    let error = |error| StartError::new(address, error);
    let ips = address.resolve().map_err(error)?;
    if address.port() != 0 {
        return bind_all(&ips, address.port()).map_err(error);
    }
    for _ in 0..ATTEMPTS {
        match bind_all(&ips, 0) {
            Err(taken) if taken.kind() == ErrorKind::AddrInUse && ips.len() > 1 => {}
            bound => return bound.map_err(error),
        }
    }
    bind_all(&ips[..1], 0).map_err(error)
}

fn bind_all(ips: &[IpAddr], mut port: u16) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut absent = io::Error::new(ErrorKind::AddrNotAvailable, "the host has no address");
    for &ip in ips {
        match TcpListener::bind(SocketAddr::new(ip, port)) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => absent = error,
        }
    }
    if listeners.is_empty() { Err(absent) } else { Ok(listeners) }
}

/// Whether an error is about the port, rather than about an address that this machine does not have.
fn is_final(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
}
