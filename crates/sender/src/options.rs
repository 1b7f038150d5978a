//! How requests are sent.

use std::fmt;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};

#[cfg(test)]
mod tests;

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether requests are compressed.
    pub gzip: bool,
    /// Requests at a time.
    pub in_flight: u32,
    /// Time for an answer, with what it takes to connect.
    pub timeout: Duration,
    /// Time in which a request is tried again.
    pub retry_for: Duration,
    /// Who sends them.
    pub credentials: Credentials,
}

/// Who sends, and whom to trust. What is secret of it is never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) headers: HeaderMap,
    pub(crate) ca: Option<Pem>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) key: Option<Pem>,
}

/// PEM, or the path of a file of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pem(pub(crate) String);

impl Pem {
    /// What a file holds is read now, so that credentials whose files have changed are others.
    fn of(text: &str) -> Pem {
        let read = || std::fs::read_to_string(text).ok().filter(|content| is_pem(content));
        Pem(read().unwrap_or_else(|| text.to_owned()))
    }
}

/// Whether a text is PEM rather than a path.
pub(crate) fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN")
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PEM")
    }
}

/// Why a setting is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionError(String);

impl OptionError {
    pub(crate) fn new(message: impl Into<String>) -> OptionError {
        OptionError(message.into())
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OptionError {}

impl Default for Options {
    fn default() -> Options {
        Options {
            gzip: false,
            in_flight: 4,
            // As the exporters of the SDKs wait for an answer, and the Collector's tries again, less patiently.
            timeout: Duration::from_secs(10),
            retry_for: Duration::from_secs(60),
            credentials: Credentials::default(),
        }
    }
}

/// What [`compresses`] takes.
pub const COMPRESSIONS: &str = "'none' or 'gzip', as senders of OTLP compress";

/// Whether requests are compressed, as an option says it.
pub fn compresses(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "gzip" => Some(true),
        "none" | "auto" => Some(false),
        _ => None,
    }
}

/// Headers that belong to the protocol.
const RESERVED: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

impl Credentials {
    /// Sets what a secret of DuckDB has; `key` is the name of a header. What is not known here is of no moment: a secret
    /// may be of a version that knows more.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn set(&mut self, name: &str, key: &str, value: &str) -> Result<(), OptionError> {
        match name {
            "token" => return self.set_token(value),
            "headers" => return self.set_header(key, value),
            "ca" => self.set_ca(value),
            "certificate" => self.set_certificate(value),
            "key" => self.set_key(value),
            _ => {}
        }
        Ok(())
    }

    /// Sends a bearer token.
    ///
    /// # Errors
    /// If it cannot be a header.
    pub fn set_token(&mut self, token: &str) -> Result<(), OptionError> {
        let value = format!("Bearer {token}");
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::try_from(value).ok().filter(|_| is_token).ok_or_else(|| {
            OptionError("the token is not printable ASCII without spaces".to_owned())
        })?;
        self.put(AUTHORIZATION, value);
        Ok(())
    }

    /// Sends a header with each request.
    ///
    /// # Errors
    /// If it is none, or one of the protocol's own.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let lower = name.to_ascii_lowercase();
        if RESERVED.contains(&lower.as_str()) || lower.starts_with("grpc-") {
            return Err(OptionError(format!("the header \"{name}\" is the protocol's own")));
        }
        let header = HeaderName::try_from(lower.as_str())
            .map_err(|_| OptionError(format!("\"{name}\" is no name of a header")))?;
        // The value is not named: it may be a secret.
        let value = HeaderValue::try_from(value).map_err(|_| {
            OptionError(format!("the value of the header \"{name}\" cannot be sent"))
        })?;
        self.put(header, value);
        Ok(())
    }

    fn put(&mut self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        self.headers.insert(name, value);
    }

    /// Trusts these certificates, instead of the system's: PEM, or the path of a file of it.
    pub fn set_ca(&mut self, pem: &str) {
        self.ca = Some(Pem::of(pem));
    }

    /// Shows this certificate to upstreams: PEM, or the path of a file of it.
    pub fn set_certificate(&mut self, pem: &str) {
        self.certificate = Some(Pem::of(pem));
    }

    /// The key of that certificate: PEM, or the path of a file of it.
    pub fn set_key(&mut self, pem: &str) {
        self.key = Some(Pem::of(pem));
    }
}
