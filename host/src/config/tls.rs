//! `[tls]`: the certificate of the public listener.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// TLS on the public listener, for HTTP and gRPC alike. Both files, or neither: then it speaks without TLS.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// A PEM file with the certificate, and after it those that lead to a root.
    pub certificate: Option<PathBuf>,
    /// A PEM file with the certificate's private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: Option<PathBuf>,
}

impl Tls {
    /// The certificate and the key, if there is to be TLS.
    #[must_use]
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.certificate.as_deref().zip(self.key.as_deref())
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, path) in [
            ("tls.certificate", &self.certificate),
            ("tls.key", &self.key),
        ] {
            if path
                .as_ref()
                .is_some_and(|path| path.as_os_str().is_empty())
            {
                return Err(ConfigError::wrong(key, "must name a file"));
            }
        }
        match (&self.certificate, &self.key) {
            (Some(_), None) => Err(ConfigError::wrong(
                "tls.key",
                "must name the key of the certificate in tls.certificate",
            )),
            (None, Some(_)) => Err(ConfigError::wrong(
                "tls.certificate",
                "must name the certificate of the key in tls.key",
            )),
            _ => Ok(()),
        }
    }
}
