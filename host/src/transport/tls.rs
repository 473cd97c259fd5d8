//! TLS 1.2 and 1.3 of a listener, with a certificate that may be replaced while it serves.
//!
//! ```text
//!  files ──read──► certificate and key that belong together ──► every handshake from now on
//!            └──── anything else: an error, and what was served is served on
//! ```

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs::default_provider};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::config::{self, ConfigError};
use crate::private_file;

/// The largest file with a chain of certificates, and with a key.
const MAX_CHAIN_BYTES: usize = 256 * 1024;
const MAX_KEY_BYTES: usize = 64 * 1024;

/// What a client may choose after the handshake (RFC 7301), the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

const CERTIFICATE: &str = "tls.certificate";
const KEY: &str = "tls.key";

/// TLS with the certificate and the key of `[tls]`. Clones share them.
#[derive(Clone)]
pub struct Tls {
    served: Arc<Served>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// What `config` names; none if it names nothing.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`], with the key, for files that cannot be read, hold something else or do not belong together, and
    /// for a private key that anybody on the machine may read.
    pub fn load(config: &config::Tls) -> Result<Option<Self>, ConfigError> {
        let Some((certificate, key)) = config.files() else {
            return Ok(None);
        };
        let files = Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        let provider = Arc::new(default_provider());
        let served = Arc::new(Served {
            pair: ArcSwap::from_pointee(files.read(&provider)?),
            files,
            provider: provider.clone(),
        });
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| ConfigError::wrong("tls", format!("cannot be used: {cause}")))?;
        let mut config = config
            .with_no_client_auth()
            .with_cert_resolver(served.clone());
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Some(Self {
            served,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }))
    }

    /// Reads the files anew. True if they hold another certificate, which new connections get; those that are open keep theirs.
    ///
    /// # Errors
    /// As [`Tls::load`]. What was served is served on.
    pub fn reload(&self) -> Result<bool, ConfigError> {
        let served = &self.served;
        let read = served.files.read(&served.provider)?;
        let is_new = read.digest != served.pair.load().digest;
        if is_new {
            served.pair.store(Arc::new(read));
        }
        Ok(is_new)
    }

    /// The server's side of a handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.served.files)
            .finish_non_exhaustive()
    }
}

/// Where certificate and key are.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// A certificate, its key, and what tells them from others.
struct Pair {
    key: Arc<CertifiedKey>,
    digest: [u8; 32],
}

impl Files {
    fn read(&self, provider: &CryptoProvider) -> Result<Pair, ConfigError> {
        let chain_pem = read_public(&self.certificate).map_err(unreadable(CERTIFICATE))?;
        let key_pem =
            private_file::read_closed(&self.key, MAX_KEY_BYTES).map_err(unreadable(KEY))?;
        let chain = chain(&chain_pem)?;
        let key = PrivateKeyDer::from_pem_slice(&key_pem)
            .map_err(|_| ConfigError::wrong(KEY, "must name a file with a private key in PEM"))?;
        let key = provider.key_provider.load_private_key(key).map_err(|_| {
            ConfigError::wrong(KEY, "must name an RSA, ECDSA or Ed25519 key, not encrypted")
        })?;
        let key = CertifiedKey::new(chain, key);
        match key.keys_match() {
            // The key does not tell its public half: nothing to compare.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => {
                let rule = "must name the key of the first certificate in tls.certificate";
                return Err(ConfigError::wrong(KEY, rule));
            }
            Err(_) => {
                let rule = "begins with a certificate that is none (X.509)";
                return Err(ConfigError::wrong(CERTIFICATE, rule));
            }
        }
        Ok(Pair {
            key: key.into(),
            digest: digest(&[&chain_pem, &key_pem]),
        })
    }
}

fn unreadable(key: &'static str) -> impl Fn(io::Error) -> ConfigError {
    move |cause| ConfigError::wrong(key, format!("names a file that cannot be used: {cause}"))
}

fn read_public(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_CHAIN_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    match bytes.len() > MAX_CHAIN_BYTES {
        true => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is larger than 256 KiB",
        )),
        false => Ok(bytes),
    }
}

/// The certificates in `pem`, at least one.
fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(ConfigError::wrong(
            CERTIFICATE,
            "must name a file with certificates in PEM",
        )),
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// What handshakes are answered with.
struct Served {
    pair: ArcSwap<Pair>,
    files: Files,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served(…)")
    }
}

impl ResolvesServerCert for Served {
    /// One certificate, whatever name the client asks for.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair.load().key.clone())
    }
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
