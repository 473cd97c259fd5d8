//! `jsonwebtoken`'s cryptography, done by the signing port: no cryptography is compiled into the component.
//!
//! The library hands a key to a factory, a bare function pointer that returns a signer. The keys are not here; what travels as
//! the key's bytes is its name, and the signer asks the port to use the key of that name.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::OnceLock;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use crate::ports::{self, Signing, SigningKey};

/// The name of an algorithm in `jsonwebtoken`.
pub(crate) fn algorithm(key: &SigningKey) -> Algorithm {
    match key.algorithm {
        ports::Algorithm::EdDsa => Algorithm::EdDSA,
        ports::Algorithm::Es256 => Algorithm::ES256,
    }
}

/// A key to sign with, by name.
pub(crate) fn encoding_key(key: &SigningKey) -> EncodingKey {
    match key.algorithm {
        ports::Algorithm::EdDsa => EncodingKey::from_ed_der(key.id.as_bytes()),
        ports::Algorithm::Es256 => EncodingKey::from_ec_der(key.id.as_bytes()),
    }
}

/// A key to verify with, by name.
pub(crate) fn decoding_key(key: &SigningKey) -> DecodingKey {
    match key.algorithm {
        ports::Algorithm::EdDsa => DecodingKey::from_ed_der(key.id.as_bytes()),
        ports::Algorithm::Es256 => DecodingKey::from_ec_der(key.id.as_bytes()),
    }
}

/// Makes `S` what `jsonwebtoken` signs and verifies with, in the whole process.
///
/// # Panics
/// If another implementation was installed: half of the tokens would be signed by the wrong one.
pub(crate) fn install<S: Signing>() {
    static INSTALLED: OnceLock<TypeId> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let provider: &'static CryptoProvider = &Port::<S>::PROVIDER;
        assert!(
            provider.install_default().is_ok(),
            "another crate installed a CryptoProvider for jsonwebtoken"
        );
        TypeId::of::<S>()
    });
    assert!(
        *installed == TypeId::of::<S>(),
        "a process signs through one implementation of the signing port"
    );
}

/// One key, used through the port.
struct Port<S> {
    key_id: String,
    algorithm: Algorithm,
    port: PhantomData<fn() -> S>,
}

impl<S: Signing> Port<S> {
    const PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Self::new(*algorithm, key.as_bytes())?)),
        verifier_factory: |algorithm, key| {
            Ok(Box::new(Self::new(*algorithm, key.try_get_as_bytes()?)?))
        },
        key_utils: KeyUtils::new_unimplemented(),
    };

    fn new(algorithm: Algorithm, key_id: &[u8]) -> Result<Self> {
        let key_id = std::str::from_utf8(key_id)
            .map_err(|_| ErrorKind::InvalidKeyFormat)?
            .to_owned();
        Ok(Self {
            key_id,
            algorithm,
            port: PhantomData,
        })
    }
}

impl<S: Signing> Signer<Vec<u8>> for Port<S> {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(S::sign(&self.key_id, message))
    }
}

impl<S: Signing> JwtSigner for Port<S> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl<S: Signing> Verifier<Vec<u8>> for Port<S> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        if S::verify(&self.key_id, message, signature) {
            Ok(())
        } else {
            Err(Error::new())
        }
    }
}

impl<S: Signing> JwtVerifier for Port<S> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
