//! What belongs to the message, not to a sandbox: it is handed down into nested calls and back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::audit::AuditRecord;
use crate::clock::Timestamp;
use crate::hashing::Verdict;
use crate::keyring::KeyInfo;
use crate::message::{Plane, Principal};
use crate::sandbox::fault::Ending;
use crate::sandbox::pin::Pin;
use crate::sandbox::{Deployments, EffectiveLimits};
use crate::transaction::Transaction;

/// Everything one attempt of a message shares between its sandboxes.
pub(crate) struct Work {
    /// Reads and writes of this attempt.
    pub(crate) transaction: Transaction,
    /// What stays the same over all attempts.
    pub(crate) facts: Arc<Facts>,
    /// Who acts, as far as it is known.
    pub(crate) principal: Option<Principal>,
    /// Whether nobody else commits while this attempt runs.
    pub(crate) alone: bool,
    /// What is used up.
    pub(crate) usage: Usage,
    /// How many calls are on the stack.
    pub(crate) depth: u32,
    /// How many sandboxes this attempt has started: names their random streams.
    pub(crate) sandboxes: u64,
    /// Outbox records made so far: names the next.
    pub(crate) outbox: u32,
    /// Where in the remembered results this attempt is.
    pub(crate) cursor: Cursor,
}

/// What a message is, whatever attempt it is at.
pub(crate) struct Facts {
    /// The message's id, in logs, audit and effects.
    pub(crate) id: String,
    /// The client's name for the request.
    pub(crate) request_id: String,
    /// The root command, `token/verify-token`: whose share of the machine it uses.
    pub(crate) command: Arc<str>,
    /// The door.
    pub(crate) plane: Plane,
    /// The service key's id.
    pub(crate) service_key: Option<String>,
    /// Whether that key may administer.
    pub(crate) operator: bool,
    /// The client's address.
    pub(crate) remote_address: Option<String>,
    /// The moment the message has in every interface.
    pub(crate) now: Timestamp,
    /// By then an answer is due.
    pub(crate) deadline: Timestamp,
    /// The builds that serve this message, to its end.
    pub(crate) deployments: Arc<Deployments>,
    /// Whether the client may still call it off.
    pub(crate) pin: Arc<Pin>,
    /// What a message that began outside may use up; a callee with wider limits may use its own.
    pub(crate) limits: EffectiveLimits,
    /// What a re-run is given again.
    pub(crate) memory: Mutex<Memory>,
    /// Audit records of this attempt. Here and not in the work: they are written also when a deadline drops the work.
    pub(crate) audit: Mutex<Vec<AuditRecord>>,
}

impl Facts {
    /// From here on only the host's own limits end the message.
    ///
    /// # Errors
    /// If the client has called it off by now.
    pub(crate) fn pin(&self) -> Result<(), Ending> {
        if self.pin.hold() {
            Ok(())
        } else {
            Err(Ending::Deadline)
        }
    }

    /// How often this message has kept something: what a later run makes must not be taken for what an earlier one kept.
    pub(crate) fn generation(&self) -> u32 {
        self.memory().generation
    }

    pub(crate) fn next_generation(&self) {
        self.memory().generation += 1;
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn audit(&self) -> MutexGuard<'_, Vec<AuditRecord>> {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Results that a re-run is given again, so that contention multiplies neither hashing nor what is taken from a bucket.
pub(crate) struct Memory {
    /// What every random number of the message comes from.
    pub(crate) seed: Zeroizing<[u8; 32]>,
    /// Hashes made, by (channel, keyed digest of the password), in the order they were asked for.
    pub(crate) hashes: HashMap<(Arc<str>, [u8; 32]), Vec<String>>,
    /// Verdicts, by (channel, keyed digest of password and hash). A decoy has the verdict of its work.
    pub(crate) verdicts: HashMap<(Arc<str>, [u8; 32]), Verdict>,
    /// Answers of buckets, by (channel, bucket, key), in the order they were asked for.
    pub(crate) takes: HashMap<(Arc<str>, String, String), Vec<Option<u64>>>,
    /// The key that signs.
    pub(crate) signing: Option<KeyInfo>,
    /// How often something was kept.
    pub(crate) generation: u32,
}

impl Memory {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            seed: Zeroizing::new(seed),
            hashes: HashMap::new(),
            verdicts: HashMap::new(),
            takes: HashMap::new(),
            signing: None,
            generation: 0,
        }
    }
}

/// How often this attempt has asked for each remembered result.
#[derive(Default)]
pub(crate) struct Cursor {
    /// Of [`Memory::hashes`].
    pub(crate) hashes: HashMap<(Arc<str>, [u8; 32]), usize>,
    /// Of [`Memory::takes`].
    pub(crate) takes: HashMap<(Arc<str>, String, String), usize>,
}

/// What a message has used up so far, over all its sandboxes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Usage {
    /// Ticks of CPU time.
    pub(crate) cpu_ticks: u64,
    /// Calls of capabilities.
    pub(crate) host_calls: u64,
    /// Bytes through capabilities.
    pub(crate) host_call_bytes: u64,
    /// Log lines, dropped ones included.
    pub(crate) log_lines: u32,
    /// Mails.
    pub(crate) mails: u32,
    /// Events.
    pub(crate) events: u32,
    /// Calls of `keep`.
    pub(crate) keeps: u32,
}
