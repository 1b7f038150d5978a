//! Who may see the page: whoever has the token, from a page of ours or from none.
//!
//! Cookies know hosts, but neither ports nor, as far as `SameSite` goes, other servers of this machine. So a request
//! has to name our host, and come from our origin, before its cookie counts for anything.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use duckspan_receiver::host::{host_of, is_nobodys};
use hyper::header::{COOKIE, HOST, HeaderMap, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use crate::limits::TOKENS;
use crate::secret::Secret;

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The name by which the session of a page is known to its browser, which keeps it for all ports of a host.
pub(crate) fn cookie_name(port: u16) -> String {
    format!("duckspan_{port}")
}

/// What opens a viewer.
pub(crate) struct Gate {
    /// What was bound.
    host: String,
    port: u16,
    session: Secret,
    tokens: Mutex<Vec<Secret>>,
}

impl Gate {
    pub(crate) fn new(host: &str, port: u16) -> io::Result<Gate> {
        Ok(Gate { host: host.to_owned(), port, session: Secret::new()?, tokens: Mutex::default() })
    }

    /// A further token; the oldest ones make room for it.
    pub(crate) fn token(&self) -> io::Result<String> {
        let token = Secret::new()?;
        let text = token.reveal().to_owned();
        let mut tokens = self.tokens();
        tokens.push(token);
        let beyond = tokens.len().saturating_sub(TOKENS);
        tokens.drain(..beyond);
        Ok(text)
    }

    fn tokens(&self) -> MutexGuard<'_, Vec<Secret>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that a request names a host that is ours, and that no page of others sends it.
    pub(crate) fn check_place(&self, head: &Parts) -> Result<(), Refusal> {
        let host = self.host(head)?;
        for origin in head.headers.get_all(ORIGIN) {
            let is_ours = origin.as_bytes().strip_prefix(b"http://") == Some(host.as_bytes());
            if !is_ours {
                let origin = String::from_utf8_lossy(origin.as_bytes());
                let message = format!("Pages of \"{origin}\" may not ask anything of this viewer.");
                return Err(Refusal::new(StatusCode::FORBIDDEN, message));
            }
        }
        Ok(())
    }

    /// The host that a request names, with its port.
    fn host<'a>(&self, head: &'a Parts) -> Result<&'a str, Refusal> {
        let misdirected = |message: String| Refusal::new(StatusCode::MISDIRECTED_REQUEST, message);
        let mut hosts = head.headers.get_all(HOST).into_iter();
        let named = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            _ => None,
        };
        let Some(named) = named else {
            return Err(misdirected("A request has to name one host.".to_owned()));
        };
        // A request may name a host in its first line as well, and proxies differ in which one they believe: they
        // have to be the same.
        let other = head.uri.authority().is_some_and(|authority| authority.as_str() != named);
        let host = host_of(named);
        if !other && (is_nobodys(host) || host.eq_ignore_ascii_case(&self.host)) {
            return Ok(named);
        }
        Err(misdirected(format!(
            "\"{host}\" is not the host of this viewer: open the URL that otlp_viewer() returned, or name the host, \
             CALL otlp_viewer(host := '{host}')."
        )))
    }

    /// Checks that a request is one of our page itself, as far as its browser says.
    pub(crate) fn check_page(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        // Browsers say it, programs do not: those have no cookie that they were not given.
        let site = headers.get("sec-fetch-site").map_or(&b"none"[..], |site| site.as_bytes());
        if matches!(site, b"none" | b"same-origin") {
            return Ok(());
        }
        let message = "Only the page of this viewer may ask that.";
        Err(Refusal::new(StatusCode::FORBIDDEN, message))
    }

    /// The cookie for who has a token.
    pub(crate) fn open(&self, token: &str) -> Result<String, Refusal> {
        // All are looked at, so that the time does not tell which it is.
        let known = self.tokens().iter().filter(|known| known.is(token)).count() > 0;
        if !known {
            let message = "The token of this URL is not valid (any more): get a new URL with CALL otlp_viewer().";
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
        let name = cookie_name(self.port);
        let session = self.session.reveal();
        Ok(format!("{name}={session}; HttpOnly; SameSite=Strict; Path=/"))
    }

    /// Checks that a request has the cookie.
    pub(crate) fn check_session(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let name = cookie_name(self.port);
        let pairs = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs = pairs.flat_map(|value| value.split(';')).map(str::trim);
        let is_session = |(key, value): (&str, &str)| key == name && self.session.is(value);
        if pairs.any(|pair| pair.split_once('=').is_some_and(is_session)) {
            return Ok(());
        }
        let message = "This page is for whoever started it: open the URL with the token that CALL otlp_viewer() returned, \
                       or call it again for a new one.";
        Err(Refusal::new(StatusCode::FORBIDDEN, message))
    }
}

/// The token that a URL has.
pub(crate) fn token_of(head: &Parts) -> Option<&str> {
    let is_asked = head.method == Method::GET && head.uri.path() == "/";
    let query = head.uri.query().filter(|_| is_asked)?;
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}
