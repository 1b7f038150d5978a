//! TLS to upstreams: whom to trust, what to show, and what errors mean.
//!
//! Trusted is what the system trusts, for that is where companies put their own authorities; a list that is compiled
//! in would know none of them, and grow old.

use std::io;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
};

use crate::endpoint::{Endpoint, Protocol};
use crate::options::{Credentials, OptionError, Pem, is_pem};

/// How to speak TLS to one endpoint.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

impl Tls {
    /// # Errors
    /// If a certificate or key cannot be read, or they do not belong together.
    pub(crate) fn new(endpoint: &Endpoint, credentials: &Credentials) -> Result<Tls, OptionError> {
        let name = ServerName::try_from(endpoint.host.clone())
            .map_err(|_| fault(format!("\"{}\" is no name of a server", endpoint.host)))?;
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(error.to_string()))?
            .with_root_certificates(roots(credentials.ca.as_ref())?);
        let mut config = match (&credentials.certificate, &credentials.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => builder
                .with_client_auth_cert(certificates("certificate", certificate)?, private_key(key)?)
                .map_err(|error| {
                    fault(format!("the certificate and its key cannot be used: {error}"))
                })?,
            _ => return Err(fault("a certificate needs its key, and a key its certificate")),
        };
        config.alpn_protocols = vec![match endpoint.protocol {
            Protocol::Grpc => b"h2".to_vec(),
            Protocol::Http => b"http/1.1".to_vec(),
        }];
        Ok(Tls { connector: Arc::new(config).into(), name })
    }
}

fn roots(ca: Option<&Pem>) -> Result<RootCertStore, OptionError> {
    let mut roots = RootCertStore::empty();
    if let Some(ca) = ca {
        for certificate in certificates("ca", ca)? {
            roots
                .add(certificate)
                .map_err(|error| fault(format!("the ca cannot be used: {error}")))?;
        }
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(fault(
            "this machine has no certificates to trust: name one as ca in the secret",
        ));
    }
    Ok(roots)
}

/// The certificates of a file, or of PEM.
fn certificates(what: &str, pem: &Pem) -> Result<Vec<CertificateDer<'static>>, OptionError> {
    let text = read(what, pem)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| unreadable(what))?;
    match certificates.is_empty() {
        true => Err(fault(format!("the {what} holds no certificate in PEM"))),
        false => Ok(certificates),
    }
}

fn private_key(pem: &Pem) -> Result<PrivateKeyDer<'static>, OptionError> {
    let text = read("key", pem)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| unreadable("key"))
}

fn read(what: &str, Pem(pem): &Pem) -> Result<Vec<u8>, OptionError> {
    if is_pem(pem) {
        return Ok(pem.as_bytes().to_vec());
    }
    std::fs::read(pem)
        .map_err(|error| fault(format!("the {what} \"{pem}\" cannot be read: {error}")))
}

/// The parser's own words would quote what it read, which may be a key.
fn unreadable(what: &str) -> OptionError {
    fault(format!("the {what} is no PEM that can be read"))
}

fn fault(message: impl Into<String>) -> OptionError {
    OptionError::new(message)
}

/// The error of TLS that is inside of another.
pub(crate) fn fault_of(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Why there is no connection with TLS, for people.
pub(crate) fn explain(error: &io::Error, endpoint: &Endpoint) -> String {
    match fault_of(error) {
        Some(error) => reason(error, endpoint),
        None => format!(
            "it closed the connection instead of speaking TLS ({error}): if it speaks none, send to '{}'",
            endpoint.speaking(endpoint.protocol, false)
        ),
    }
}

/// What an error of TLS means, for people.
pub(crate) fn reason(error: &Error, endpoint: &Endpoint) -> String {
    match error {
        Error::InvalidCertificate(wrong) => certificate(wrong),
        Error::InvalidMessage(_) => {
            let plain = endpoint.speaking(endpoint.protocol, false);
            format!("it does not speak TLS: send to '{plain}'")
        }
        Error::NoApplicationProtocol
        | Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            let (is, other) = match endpoint.protocol {
                Protocol::Grpc => ("HTTP/2, which gRPC needs", Protocol::Http),
                Protocol::Http => ("HTTP/1.1", Protocol::Grpc),
            };
            format!("it does not speak {is}: send to '{}'", endpoint.speaking(other, true))
        }
        Error::AlertReceived(alert) => refused(*alert),
        error => format!("TLS failed: {error}"),
    }
}

/// What is wrong with the certificate of an upstream.
fn certificate(error: &CertificateError) -> String {
    let (what, cure) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired", "it needs a new one, or the clock of this machine is wrong")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet", "the clock of this machine may be wrong")
        }
        CertificateError::UnknownIssuer => {
            ("is of an authority that is not trusted", "name that authority as ca in the secret")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("is for another name", "use the name that it is for")
        }
        _ => ("is not valid", "it needs another one"),
    };
    format!("its certificate {what}: {cure} ({error})")
}

/// Why an upstream wants no TLS with us.
fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it wants a certificate of its client: name certificate and key in the secret"
                .to_owned()
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::DecryptError => {
            format!("it does not take the certificate of its client ({alert:?})")
        }
        alert => format!("it refuses TLS ({alert:?})"),
    }
}
