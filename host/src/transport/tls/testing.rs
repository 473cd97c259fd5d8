//! Certificates of a test's own, and clients that trust them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

/// A folder with `certificate.pem` and `key.pem`.
pub(in crate::transport) struct Folder(TempDir);

/// A new certificate for this machine.
pub(in crate::transport) fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

impl Folder {
    /// With `made`.
    pub(in crate::transport) fn of(made: &CertifiedKey<KeyPair>) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write(&made.cert.pem(), &made.signing_key.serialize_pem());
        folder
    }

    pub(in crate::transport) fn write(&self, certificate: &str, key: &str) {
        fs::write(self.certificate(), certificate).unwrap();
        fs::write(self.key(), key).unwrap();
        self.set_mode(0o600);
    }

    pub(in crate::transport) fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.key(), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(in crate::transport) fn certificate(&self) -> PathBuf {
        self.path().join("certificate.pem")
    }

    pub(in crate::transport) fn key(&self) -> PathBuf {
        self.path().join("key.pem")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    pub(in crate::transport) fn load(&self) -> Result<Tls, ConfigError> {
        let config = config::Tls {
            certificate: Some(self.certificate()),
            key: Some(self.key()),
        };
        Tls::load(&config).map(Option::unwrap)
    }
}

/// A client that trusts `certificate` and speaks `protocols`.
pub(in crate::transport) fn connector(
    certificate: &CertificateDer<'static>,
    protocols: &[&[u8]],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}
