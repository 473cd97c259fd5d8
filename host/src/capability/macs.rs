//! `macs`: keyed hashes under keys of the component's own.

use wasmtime::Result;

use super::bindings::vestibule::capability::macs::{Host, Tag};
use crate::keyring;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;

/// The longest purpose, in bytes.
const MAX_PURPOSE_BYTES: usize = 64;

/// The most data, in bytes.
const MAX_DATA_BYTES: usize = 64 * 1024;

impl State {
    fn charge_mac(&mut self, purpose: &str, data: &[u8]) -> Result<()> {
        if purpose.is_empty() || purpose.len() > MAX_PURPOSE_BYTES || data.len() > MAX_DATA_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        self.charge(purpose.len() + data.len())?;
        Ok(())
    }
}

impl Host for State {
    fn mac(&mut self, purpose: String, data: Vec<u8>) -> Result<Tag> {
        self.charge_mac(&purpose, &data)?;
        let macs = self.services.keyring.macs();
        Ok(macs
            .mac(&self.deployment.channel, &purpose, &data)
            .map_err(Ending::unavailable)?
            .into())
    }

    fn candidates(&mut self, purpose: String, data: Vec<u8>) -> Result<Vec<Tag>> {
        self.charge_mac(&purpose, &data)?;
        let macs = self.services.keyring.macs();
        let tags = macs
            .candidates(&self.deployment.channel, &purpose, &data)
            .map_err(Ending::unavailable)?;
        Ok(tags.into_iter().map(Into::into).collect())
    }
}

impl From<keyring::Tag> for Tag {
    fn from(tag: keyring::Tag) -> Self {
        Self {
            key_id: tag.key_id,
            bytes: tag.bytes.to_vec(),
        }
    }
}
