//! `signing`: signatures by keys that stay outside the sandbox.

use wasmtime::Result;

use super::bindings::vestibule::capability::signing::{Algorithm, Host, Key};
use crate::config::SigningAlgorithm;
use crate::keyring::{KeyInfo, SignError};
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
        let keyring = &self.services.keyring;
        let key = facts
            .memory()
            .signing
            .get_or_insert_with(|| keyring.signing().current())
            .clone();
        Ok(key.into())
    }

    async fn find(&mut self, key_id: String) -> Result<Option<Key>> {
        self.charge(key_id.len())?;
        if key_id.len() > MAX_KEY_ID_BYTES {
            return Ok(None);
        }
        self.rest_unless_known(&key_id)?;
        let key = self
            .services
            .keyring
            .signing()
            .find(&key_id)
            .await
            .map_err(Ending::unavailable)?;
        Ok(key.map(Into::into))
    }

    fn sign(&mut self, key_id: String, message: Vec<u8>) -> Result<Vec<u8>> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        self.charge(key_id.len() + message.len())?;
        match self.services.keyring.signing().sign(&key_id, &message) {
            Ok(signature) => Ok(signature),
            Err(SignError::NotCurrent) => Err(self.fault(Fault::SigningKey)),
            Err(cause) => Err(Ending::unavailable(cause).into()),
        }
    }

    async fn verify(
        &mut self,
        key_id: String,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> Result<bool> {
        self.charge(key_id.len() + message.len() + signature.len())?;
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        if key_id.len() > MAX_KEY_ID_BYTES || signature.len() > MAX_SIGNATURE_BYTES {
            return Ok(false);
        }
        self.rest_unless_known(&key_id)?;
        let signing = self.services.keyring.signing();
        Ok(signing
            .verify(&key_id, &message, &signature)
            .await
            .map_err(Ending::unavailable)?)
    }
}

impl State {
    /// A key that is not in the ring's view may be read from the store: nobody waits for that with a snapshot in hand.
    fn rest_unless_known(&mut self, key_id: &str) -> Result<()> {
        if !self.services.keyring.signing().knows(key_id) {
            self.work()?.transaction.rest();
        }
        Ok(())
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
