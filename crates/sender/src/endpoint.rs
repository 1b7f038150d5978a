//! Where requests go: `otlp://host:4317`, `http://host:4318`, and both with TLS.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

#[cfg(test)]
mod tests;

/// The port of OTLP over gRPC, where none is given.
const GRPC_PORT: u16 = 4317;

/// What is spoken at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// gRPC over HTTP/2.
    Grpc,
    /// POST over HTTP/1.1.
    Http,
}

/// An upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(crate) protocol: Protocol,
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What comes before `/v1/traces`.
    pub(crate) path: String,
}

impl Endpoint {
    /// Whether a text begins as an endpoint does, whether or not it is one.
    pub fn is_meant(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| protocol(scheme).is_some())
            || without_slashes(text).is_some()
    }

    /// Whether a text is a host and a port, which somebody may take for an endpoint; and what to write instead.
    pub fn lacks_scheme(text: &str) -> Option<String> {
        let (host, port) = text.rsplit_once(':')?;
        // A single letter is a drive.
        let is_host = host.len() > 1
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        (is_host && is_port).then(|| with_scheme(text))
    }

    /// Whether an endpoint may begin with a text, which is the scope of a secret.
    pub fn may_begin_with(scope: &str) -> bool {
        SCHEMES.iter().any(|scheme| {
            let start = format!("{scheme}://");
            start.starts_with(scope) || scope.starts_with(&start)
        })
    }

    /// The host, a name or an address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as a request names them.
    pub(crate) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// The same place, spoken to in another way.
    pub(crate) fn speaking(&self, protocol: Protocol, tls: bool) -> Endpoint {
        Endpoint { protocol, tls, ..self.clone() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.tls) {
            (Protocol::Grpc, false) => "otlp",
            (Protocol::Grpc, true) => "otlps",
            (Protocol::Http, false) => "http",
            (Protocol::Http, true) => "https",
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

const SCHEMES: [&str; 4] = ["otlp", "otlps", "http", "https"];

/// The endpoint that is meant by `otlp:host:4317`, which ATTACH takes for where to listen.
fn without_slashes(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let is_ours = scheme.eq_ignore_ascii_case("otlp") || scheme.eq_ignore_ascii_case("otlps");
    let rest_of = || format!("{}://{}", scheme.to_ascii_lowercase(), rest.trim_start_matches('/'));
    (is_ours && !rest.starts_with("//")).then(rest_of)
}

/// Protocol and TLS of a scheme.
fn protocol(scheme: &str) -> Option<(Protocol, bool)> {
    Some(match scheme.to_ascii_lowercase().as_str() {
        "otlp" => (Protocol::Grpc, false),
        "otlps" => (Protocol::Grpc, true),
        "http" => (Protocol::Http, false),
        "https" => (Protocol::Http, true),
        _ => return None,
    })
}

/// Why a text is no [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointError(String);

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Invalid OTLP endpoint: {}; expected 'otlp://host:4317' for gRPC or 'http://host:4318' for HTTP, \
             'otlps://' or 'https://' with TLS",
            self.0
        )
    }
}

impl std::error::Error for EndpointError {}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        parse(text).map_err(EndpointError)
    }
}

/// A host and port, as it is to be written.
fn with_scheme(text: &str) -> String {
    match text.ends_with(":4318") {
        true => format!("http://{text}"),
        false => format!("otlp://{text}"),
    }
}

fn parse(text: &str) -> Result<Endpoint, String> {
    if text.contains('@') {
        return Err("names and passwords are no part of it, but of a secret".to_owned());
    }
    if let Some(rest) = without_slashes(text) {
        return Err(format!("\"{text}\" has no slashes: write '{rest}'"));
    }
    let uri: Uri = text.parse().map_err(|error| format!("\"{text}\" is no address: {error}"))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    let (protocol, tls) = protocol(scheme).ok_or_else(|| match scheme {
        "" => format!("\"{text}\" has no scheme: write '{}'", with_scheme(text)),
        scheme => format!("\"{scheme}\" is no scheme of OTLP"),
    })?;
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(format!("the host is missing in \"{text}\""));
    }
    let default = match (protocol, tls) {
        (Protocol::Grpc, _) => GRPC_PORT,
        (Protocol::Http, false) => 80,
        (Protocol::Http, true) => 443,
    };
    // The parser takes what is no port for no port at all.
    let authority = uri.authority().map_or("", |all| all.as_str());
    let port = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        None => default,
        Some((_, port)) => port
            .parse()
            .ok()
            .filter(|&port| port > 0)
            .ok_or_else(|| format!("\"{port}\" is no port, in \"{text}\""))?,
    };
    let path = uri.path().trim_end_matches('/').to_owned();
    if uri.query().is_some() {
        return Err("nothing may follow a \"?\"".to_owned());
    }
    if protocol == Protocol::Grpc && !path.is_empty() {
        return Err(format!("gRPC has no paths, as \"{path}\""));
    }
    if let Some(end) =
        ["/v1/traces", "/v1/metrics", "/v1/logs"].iter().find(|end| path.ends_with(*end))
    {
        return Err(format!("\"{end}\" is added for the signal of each request, so leave it out"));
    }
    Ok(Endpoint { protocol, tls, host, port, path })
}
