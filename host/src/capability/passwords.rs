//! `passwords`: hashing on the host's bounded pool.

use std::sync::Arc;

use wasmtime::Result;
use zeroize::Zeroizing;

use super::bindings::vestibule::capability::passwords::{Host, Verdict};
use crate::hashing::{self, HashError};
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;
use crate::services::{fresh_bytes, keyed_digest};

/// The longest password, in bytes.
const MAX_PASSWORD_BYTES: usize = 4 * 1024;

/// The longest stored hash, in bytes.
const MAX_PHC_BYTES: usize = 1_024;

impl State {
    /// Charges the call, pins the message, and names what is remembered: the channel and a keyed digest of `parts`.
    fn hashing(&mut self, password: &str, phc: &str) -> Result<(Arc<str>, [u8; 32])> {
        if password.len() > MAX_PASSWORD_BYTES || phc.len() > MAX_PHC_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        let channel = self.deployment.channel.clone();
        let work = self.charge(password.len() + phc.len())?;
        work.facts.pin()?;
        let seed = work.facts.memory().seed.clone();
        Ok((
            channel,
            keyed_digest(&seed, &[b"password", password.as_bytes(), phc.as_bytes()]),
        ))
    }
}

impl Host for State {
    async fn hash(&mut self, password: String) -> Result<String> {
        let password = Zeroizing::new(password.into_bytes());
        let text = std::str::from_utf8(&password).unwrap_or_default();
        let name = self.hashing(text, "")?;
        let work = self.work()?;
        let nth = work.cursor.hashes.entry(name.clone()).or_default();
        let remembered = work
            .facts
            .memory()
            .hashes
            .get(&name)
            .and_then(|hashes| hashes.get(*nth))
            .cloned();
        *nth += 1;
        if let Some(hash) = remembered {
            return Ok(hash);
        }
        let who = work.facts.command.clone();
        work.transaction.rest();
        let facts = work.facts.clone();
        // Not from the message's own numbers: a salt is stored in clear, and a re-run, which is given the remembered hash,
        // would draw as a secret what this run drew as the salt.
        let salt = fresh_bytes().map_err(Ending::unavailable)?;
        let services = self.services.clone();
        let hash = services
            .hashing
            .hash(&who, password, salt)
            .await
            .map_err(ending)?;
        facts
            .memory()
            .hashes
            .entry(name)
            .or_default()
            .push(hash.clone());
        Ok(hash)
    }

    async fn verify(&mut self, password: String, phc: String) -> Result<Verdict> {
        let password = Zeroizing::new(password.into_bytes());
        let name = self.hashing(std::str::from_utf8(&password).unwrap_or_default(), &phc)?;
        let work = self.work()?;
        work.transaction.rest();
        let facts = work.facts.clone();
        let remembered = facts.memory().verdicts.get(&name).copied();
        if let Some(verdict) = remembered {
            return Ok(verdict.into());
        }
        let services = self.services.clone();
        let verdict = services
            .hashing
            .verify(&facts.command, password, &phc)
            .await
            .map_err(ending)?;
        facts.memory().verdicts.insert(name, verdict);
        Ok(verdict.into())
    }

    async fn decoy(&mut self, password: String) -> Result<()> {
        let password = Zeroizing::new(password.into_bytes());
        let name = self.hashing(std::str::from_utf8(&password).unwrap_or_default(), "decoy")?;
        let work = self.work()?;
        work.transaction.rest();
        let facts = work.facts.clone();
        if facts.memory().verdicts.contains_key(&name) {
            return Ok(());
        }
        let services = self.services.clone();
        services
            .hashing
            .decoy(&facts.command, password)
            .await
            .map_err(ending)?;
        facts
            .memory()
            .verdicts
            .insert(name, hashing::Verdict::Mismatch);
        Ok(())
    }

    fn accepts(&mut self, phc: String) -> Result<bool> {
        if phc.len() > MAX_PHC_BYTES {
            return Err(self.fault(Fault::Argument));
        }
        self.charge(phc.len())?;
        Ok(self.services.hashing.accepts(&phc))
    }
}

impl From<hashing::Verdict> for Verdict {
    fn from(verdict: hashing::Verdict) -> Self {
        match verdict {
            hashing::Verdict::Mismatch => Self::Mismatch,
            hashing::Verdict::Match => Self::Match,
            hashing::Verdict::MatchNeedsRehash => Self::MatchNeedsRehash,
        }
    }
}

fn ending(error: HashError) -> Ending {
    match error {
        HashError::Overloaded { retry_after_ms } => Ending::Unavailable {
            retry_after_ms,
            cause: Some(Box::new(error)),
        },
        other => Ending::unavailable(other),
    }
}
