//! `events`: what happened, published if and only if the transaction commits.

use wasmtime::Result;

use super::bindings::vestibule::capability::events::Host;
use crate::outbox::{self, Event};
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;

/// The most events of one message.
const MAX_EVENTS: u32 = 64;

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The largest payload, in bytes.
const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

impl Host for State {
    fn publish(&mut self, name: String, payload: String, about: Option<String>) -> Result<()> {
        let about_fits = about
            .as_ref()
            .is_none_or(|about| !about.is_empty() && about.len() <= 128);
        let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(&payload).is_ok();
        if !about_fits
            || !is_name(&name, MAX_NAME_BYTES)
            || payload.len() > MAX_PAYLOAD_BYTES
            || !is_json()
        {
            return Err(self.fault(Fault::Argument));
        }
        let work = self.charge(name.len() + payload.len())?;
        work.usage.events += 1;
        if work.usage.events > MAX_EVENTS {
            return Err(self.fault(Fault::Effects));
        }
        let channel = self.deployment.channel.clone();
        let services = self.services.clone();
        Ok(outbox::enqueue_event(
            self.work()?,
            &services.keyring,
            &channel,
            Event { name, payload },
            about,
        )
        .map_err(Ending::unavailable)?)
    }
}

/// Whether `name` is kebab-case: lower-case letters, digits and single hyphens between them.
pub(super) fn is_name(name: &str, longest: usize) -> bool {
    name.len() <= longest
        && name.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}
