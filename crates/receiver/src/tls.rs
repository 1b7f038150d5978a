//! TLS of a receiver: what it shows, and which clients it takes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection};

use crate::limits::TLS_BUFFER;
use crate::stream::Stream;

#[cfg(test)]
mod tests;

/// Time between looks at the files.
const LOOK: Duration = Duration::from_secs(1);

/// The files of a receiver's TLS, all in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Its certificate, and those between it and an authority.
    pub certificate: PathBuf,
    /// The key of that.
    pub key: PathBuf,
    /// The authorities of the clients that it takes; `None` takes all.
    pub client_ca: Option<PathBuf>,
}

/// TLS by files, which are read again when they have changed.
pub struct Tls {
    files: TlsFiles,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    config: Arc<ServerConfig>,
    /// What the files were when they were read.
    stamps: Vec<Stamp>,
    looked: Instant,
    /// Why the files that are there now are not used.
    error: Option<TlsError>,
}

/// When a file was written, and its length.
type Stamp = Option<(SystemTime, u64)>;

/// Why there is no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// If one cannot be read, is no PEM, or they do not belong together.
    pub fn load(files: TlsFiles) -> Result<Tls, TlsError> {
        let stamps = files.stamps();
        let config = files.load()?;
        let loaded = Mutex::new(Loaded { config, stamps, looked: Instant::now(), error: None });
        Ok(Tls { files, loaded })
    }

    /// What the next connection is accepted with. Files that cannot be used leave that as it was: they may be in the
    /// midst of being changed.
    fn config(&self) -> Arc<ServerConfig> {
        let mut loaded = self.loaded();
        if loaded.looked.elapsed() >= LOOK {
            loaded.look(&self.files);
        }
        Arc::clone(&loaded.config)
    }

    /// Why the files that were there when somebody connected last are not used, but those that were before.
    pub fn error(&self) -> Option<TlsError> {
        self.loaded().error.clone()
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream of a client: that of TLS, or as it came from one that does not begin to speak it.
    ///
    /// # Errors
    /// If the two do not agree, or not in time.
    pub(crate) async fn accept(&self, stream: TcpStream, patience: Duration) -> io::Result<Stream> {
        let secure = async {
            let mut first = [0; 1];
            stream.peek(&mut first).await?;
            if first != [HANDSHAKE] {
                return Ok(Stream::Plain(stream));
            }
            let acceptor = TlsAcceptor::from(self.config());
            let limited = |connection: &mut ServerConnection| {
                connection.set_buffer_limit(Some(TLS_BUFFER));
            };
            Ok(Stream::Tls(Box::new(acceptor.accept_with(stream, limited).await?)))
        };
        timeout(patience, secure).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Loaded {
    /// Reads the files if they have changed.
    fn look(&mut self, files: &TlsFiles) {
        self.looked = Instant::now();
        let stamps = files.stamps();
        self.error = None;
        if stamps != self.stamps {
            match files.load() {
                Ok(config) => (self.config, self.stamps) = (config, stamps),
                Err(error) => self.error = Some(error),
            }
        }
    }
}

/// The first byte of a client that speaks TLS.
const HANDSHAKE: u8 = 0x16;

impl TlsFiles {
    fn stamps(&self) -> Vec<Stamp> {
        let files = [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()];
        files.into_iter().flatten().map(|path| stamp(path)).collect()
    }

    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(default_provider());
        let chain = certificates("tls_certificate", &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read("tls_key", &self.key)?)
            .map_err(|_| no_pem("tls_key", &self.key, "private key"))?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError(error.to_string()))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let unusable = |error: &dyn fmt::Display| {
                    TlsError(format!("tls_client_ca '{}' cannot be used: {error}", path.display()))
                };
                let mut roots = RootCertStore::empty();
                for certificate in certificates("tls_client_ca", path)? {
                    roots.add(certificate).map_err(|error| unusable(&error))?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| unusable(&error))?)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| {
            TlsError(format!(
                "tls_certificate '{}' and tls_key '{}' do not belong together, or cannot be used: {error}",
                self.certificate.display(),
                self.key.display()
            ))
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = || no_pem(option, path, "certificate");
    let text = read(option, path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    certificates.ok().filter(|all| !all.is_empty()).ok_or_else(fault)
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path)
        .map_err(|error| TlsError(format!("{option} '{}' cannot be read: {error}", path.display())))
}

/// The parser's own words would quote what it read, which may be a key.
fn no_pem(option: &str, path: &Path, what: &str) -> TlsError {
    TlsError(format!("{option} '{}' holds no {what} in PEM", path.display()))
}
