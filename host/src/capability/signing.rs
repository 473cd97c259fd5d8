//! `signing`: signatures by keys that stay outside the sandbox.

use wasmtime::Result;

use super::bindings::vestibule::capability::signing::{Algorithm, Host, Key};
use crate::config::SigningAlgorithm;
use crate::keyring::KeyInfo;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;

/// The longest key id, in bytes.
const MAX_KEY_ID_BYTES: usize = 64;

/// The longest message, in bytes.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The longest signature, in bytes.
const MAX_SIGNATURE_BYTES: usize = 1_024;

impl Host for State {
    fn current(&mut self) -> Result<Key> {
        let facts = self.charge(0)?.facts.clone();
        let remembered = facts.memory().signing.clone();
        let key = match remembered {
            Some(key) => key,
            None => {
                let key = self.services.keyring.current_signing().map_err(|cause| {
                    Ending::Unavailable {
                        retry_after_ms: 1_000,
                        cause: Some(Box::new(cause)),
                    }
                })?;
                facts.memory().signing = Some(key.clone());
                key
            }
        };
        Ok(key.into())
    }

    fn find(&mut self, key_id: String) -> Result<Option<Key>> {
        self.charge(key_id.len())?;
        if key_id.len() > MAX_KEY_ID_BYTES {
            return Ok(None);
        }
        Ok(self.services.keyring.find_signing(&key_id).map(Into::into))
    }

    fn sign(&mut self, key_id: String, message: Vec<u8>) -> Result<Vec<u8>> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        let facts = self.charge(key_id.len() + message.len())?.facts.clone();
        let current = facts.memory().signing.clone();
        // The key that was current when this message asked, or is now: a rotation in between must not fail the message.
        let remembered = current.is_some_and(|key| key.id == key_id);
        if !remembered
            && self
                .services
                .keyring
                .current_signing()
                .map_or(true, |key| key.id != key_id)
        {
            return Err(self.fault(Fault::SigningKey));
        }
        self.services
            .keyring
            .sign(&key_id, &message)
            .map_err(|_| self.fault(Fault::SigningKey))
    }

    fn verify(&mut self, key_id: String, message: Vec<u8>, signature: Vec<u8>) -> Result<bool> {
        self.charge(key_id.len() + message.len() + signature.len())?;
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        let in_bounds = key_id.len() <= MAX_KEY_ID_BYTES && signature.len() <= MAX_SIGNATURE_BYTES;
        Ok(in_bounds && self.services.keyring.verify(&key_id, &message, &signature))
    }
}

impl From<KeyInfo> for Key {
    fn from(key: KeyInfo) -> Self {
        let algorithm = match key.algorithm {
            SigningAlgorithm::EdDSA => Algorithm::Eddsa,
            SigningAlgorithm::ES256 => Algorithm::Es256,
        };
        Self {
            id: key.id,
            algorithm,
        }
    }
}
