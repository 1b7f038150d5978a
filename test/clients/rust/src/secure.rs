//! TLS by the variables that all SDKs know. That of Rust leaves them to its user: it is given a client that has them.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const AUTHORITY: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
const KEY: &str = "OTEL_EXPORTER_OTLP_CLIENT_KEY";

/// A client of HTTP, with TLS or without.
pub(crate) type Client = HyperClient<HttpsConnector<HttpConnector>>;

pub(crate) fn of_grpc() -> io::Result<ClientTlsConfig> {
    let mut tls = ClientTlsConfig::new();
    if let Ok(authority) = env::var(AUTHORITY) {
        tls = tls.ca_certificate(Certificate::from_pem(fs::read(authority)?));
    }
    if let Ok(shown) = env::var(CERTIFICATE) {
        let key = env::var(KEY).unwrap_or_default();
        tls = tls.identity(Identity::from_pem(fs::read(shown)?, fs::read(key)?));
    }
    Ok(tls)
}

pub(crate) fn of_http() -> Result<Client, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    if let Ok(authority) = env::var(AUTHORITY) {
        roots.add(CertificateDer::from_pem_file(authority)?)?;
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let config = match env::var(CERTIFICATE) {
        Ok(shown) => {
            let key = PrivateKeyDer::from_pem_file(env::var(KEY)?)?;
            builder.with_client_auth_cert(vec![CertificateDer::from_pem_file(shown)?], key)?
        }
        Err(_) => builder.with_no_client_auth(),
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config);
    let connector = builder.https_or_http().enable_http1().build();
    Ok(HyperClient::new(connector, Duration::from_secs(10), None))
}
