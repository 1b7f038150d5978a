//! Whether a request over the loopback interface names this receiver.
//!
//! A page can have its own name lead to 127.0.0.1 (DNS rebinding). It is of the same origin as the receiver then, so
//! that a browser lets it send and read; but the request names a host that others own. Names that nobody can own in
//! the DNS at large are let through: they stand for this machine where containers and proxies use them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr as _;

use hyper::header::HOST;
use hyper::http::request::Parts;

use crate::cors::Origin;
use crate::refusal::{Reason, Refusal};

#[cfg(test)]
mod tests;

/// Endings of names that are not given to anybody.
const PRIVATE: [&str; 2] = [".localhost", ".internal"];

/// Checks that every host that a request names is the one that was bound, that of a page that may send, or one that
/// cannot be somebody else's.
pub(crate) fn check(bound: &str, origins: &[Origin], head: &Parts) -> Result<(), Refusal> {
    let headers = head.headers.get_all(HOST).into_iter();
    let headers = headers.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let authority = head.uri.authority().map(|authority| authority.as_str().into());
    for authority in headers.chain(authority) {
        let host = host_of(&authority);
        let is_ours = is_nobodys(host)
            || host.eq_ignore_ascii_case(bound)
            || origins.iter().any(|origin| origin.is_of_host(host));
        if !is_ours {
            let message = format!(
                "\"{host}\" is not the host of this receiver: send to localhost, or name http://{host} in cors_origins"
            );
            return Err(Refusal::new(Reason::Forbidden, message));
        }
    }
    Ok(())
}

/// The host of `host:port`, without the dot that may end it.
pub fn host_of(authority: &str) -> &str {
    let authority = authority.trim();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether a host is an address, or a name that only those give who are on this machine or run its network.
pub fn is_nobodys(host: &str) -> bool {
    let ip = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_private = |ending: &&str| {
        let start = host.len().saturating_sub(ending.len());
        host.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    !host.contains(['.', ':'])
        || Ipv4Addr::from_str(host).is_ok()
        || ip.is_some_and(|ip| Ipv6Addr::from_str(ip).is_ok())
        || PRIVATE.iter().any(is_private)
}
