//! `tls_certificate`, `tls_key` and `tls_client_ca` of `ATTACH`.

use std::path::PathBuf;
use std::sync::Arc;

use duckspan_receiver::{Tls, TlsFiles};
use duckspan_tables::fault::{Fault, FaultKind, Result};

/// The options, in the order of the docs.
pub(crate) const OPTIONS: [&str; 3] = ["tls_certificate", "tls_key", "tls_client_ca"];

/// The files that were named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TlsOptions {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
}

impl TlsOptions {
    /// Sets one of [`OPTIONS`].
    ///
    /// # Errors
    /// If no file is named. It may be a variable that is not set, and would be a receiver without TLS.
    pub(crate) fn set(&mut self, name: &str, path: &str) -> Result<()> {
        let file = match name {
            "tls_certificate" => &mut self.certificate,
            "tls_key" => &mut self.key,
            _ => &mut self.client_ca,
        };
        if path.is_empty() {
            return Err(Fault::new(
                FaultKind::Binder,
                format!("{name} is empty: name a file in PEM"),
            ));
        }
        *file = Some(PathBuf::from(path));
        Ok(())
    }

    /// TLS by these files; `None` if none is named.
    pub(crate) fn load(&self) -> Result<Option<Arc<Tls>>> {
        let (certificate, key) = match (self.certificate.clone(), self.key.clone()) {
            (Some(certificate), Some(key)) => (certificate, key),
            (None, None) if self.client_ca.is_none() => return Ok(None),
            _ => {
                let message =
                    "TLS needs both tls_certificate and tls_key; tls_client_ca is beside them";
                return Err(Fault::new(FaultKind::Binder, message));
            }
        };
        let files = TlsFiles { certificate, key, client_ca: self.client_ca.clone() };
        let tls = Tls::load(files).map_err(|error| Fault::new(FaultKind::Io, error.to_string()))?;
        Ok(Some(Arc::new(tls)))
    }
}
