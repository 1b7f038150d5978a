//! TLS of the servers and of the client: the same, rustls, for all of them.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duckspan_receiver::{Tls, TlsFiles};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Identity, ServerTlsConfig};

/// A folder with `ca.pem`, and what the server shows: `server.pem` and `server.key`.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// What a request is written to.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Folder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// That of the receiver.
    pub(crate) fn receiver(&self) -> Result<Arc<Tls>, Box<dyn Error>> {
        let [certificate, key] = ["server.pem", "server.key"].map(|name| self.0.join(name));
        Ok(Arc::new(Tls::load(TlsFiles { certificate, key, client_ca: None })?))
    }

    /// That of tonic.
    pub(crate) fn tonic(&self) -> io::Result<ServerTlsConfig> {
        let read = |name| std::fs::read(self.0.join(name));
        let identity = Identity::from_pem(read("server.pem")?, read("server.key")?);
        Ok(ServerTlsConfig::new().identity(identity))
    }

    /// Makes a connection secure, for HTTP/2.
    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.0.join("ca.pem"));
        roots.add(authority.map_err(io::Error::other)?).map_err(io::Error::other)?;
        let mut config =
            ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}
