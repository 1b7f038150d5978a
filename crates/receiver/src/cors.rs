//! Which web pages may send: cross-origin resource sharing.

use std::fmt;
use std::str::FromStr;

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use crate::host::host_of;
use crate::refusal::{Reason, Refusal};
use crate::reply::Reply;

#[cfg(test)]
mod tests;

/// Pages that may send: `*`, or `scheme://host` with `:port`, or with `:*` for any port or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Exact(String),
    /// Whatever the port.
    Host(String),
}

impl Origin {
    /// The pages of servers on this machine.
    pub fn localhost() -> Vec<Origin> {
        let hosts = ["localhost", "127.0.0.1", "[::1]"];
        ["http", "https"]
            .into_iter()
            .flat_map(|scheme| {
                hosts.map(|host| Origin(Pattern::Host(format!("{scheme}://{host}"))))
            })
            .collect()
    }

    /// Whether it names pages of a host.
    pub(crate) fn is_of_host(&self, host: &str) -> bool {
        let (Pattern::Exact(origin) | Pattern::Host(origin)) = &self.0 else { return true };
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        host_of(authority).eq_ignore_ascii_case(host)
    }

    fn allows(&self, origin: &str) -> bool {
        match &self.0 {
            Pattern::Any => true,
            Pattern::Exact(allowed) => origin.eq_ignore_ascii_case(allowed),
            Pattern::Host(allowed) => match origin.split_at_checked(allowed.len()) {
                Some((host, rest)) => host.eq_ignore_ascii_case(allowed) && is_port(rest),
                None => false,
            },
        }
    }
}

/// Whether a text is `:port`, or nothing.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').filter(|digits| !digits.is_empty());
    text.is_empty() || digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Why a text is not an [`Origin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginError(String);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OriginError(origin) = self;
        write!(
            f,
            "Invalid origin \"{origin}\": expected 'https://host', 'http://host:port', 'http://host:*' or '*'"
        )
    }
}

impl std::error::Error for OriginError {}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(origin: &str) -> Result<Origin, OriginError> {
        let error = || OriginError(origin.to_owned());
        if origin == "*" {
            return Ok(Origin(Pattern::Any));
        }
        let (base, any_port) = match origin.strip_suffix(":*") {
            Some(base) => (base, true),
            None => (origin, false),
        };
        let authority = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        let authority = authority.ok_or_else(error)?;
        let colon = if authority.ends_with(']') { None } else { authority.rfind(':') };
        let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
        if host.is_empty()
            || !host.bytes().all(valid)
            || !is_port(port)
            || (any_port && !port.is_empty())
        {
            return Err(error());
        }
        let pattern = if any_port { Pattern::Host } else { Pattern::Exact };
        Ok(Origin(pattern(base.to_owned())))
    }
}

/// The origin of a page; `None` for other clients.
///
/// # Errors
/// If that page may not send, be it that it asks for no leave: where its own name leads here, no browser asks.
pub(crate) fn allowed(
    origins: &[Origin],
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, Refusal> {
    let mut all = headers.get_all(ORIGIN).into_iter();
    let Some(value) = all.next() else { return Ok(None) };
    let origin = String::from_utf8_lossy(value.as_bytes());
    if all.next().is_none() && origins.iter().any(|allowed| allowed.allows(&origin)) {
        return Ok(Some(value.clone()));
    }
    let message = format!("pages of \"{origin}\" may not send: cors_origins names those that may");
    Err(Refusal::new(Reason::Forbidden, message))
}

/// Whether a browser asks if a page may send.
pub(crate) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that question, but for [`allow`].
pub(crate) fn preflight(head: &Parts) -> Response<Reply> {
    let mut response = Response::new(Reply::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    if let Some(wanted) = head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}

/// Lets the page at `origin` read a response.
pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    headers.append(VARY, HeaderValue::from_static("origin"));
}
