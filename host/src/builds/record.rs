//! What is stored about builds and deployments.

use semver::Version;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::BuildsError;
use super::signature::Accepted;
use crate::clock::Timestamp;
use crate::sandbox::Digest;

/// The form of records that this host writes and reads.
const FORMAT: u32 = 1;

/// How many builds one can go back; what the host starts with comes after the last of them.
const MAX_EARLIER: usize = 4;

/// How many builds of a channel are kept out by quarantine; the oldest give way.
const MAX_QUARANTINED: usize = 256;

/// What is known of a build whose bytes are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    format: u32,
    /// The channel it was deployed to.
    pub channel: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// The version of the channel's WIT package.
    pub version: String,
    /// The size of its bytes.
    pub size: usize,
    /// Who wrote it, as it says itself.
    pub author: Option<String>,
    /// The counter it was signed with.
    pub counter: Option<u64>,
    /// Its detached signature.
    pub signature: Option<Vec<u8>>,
    /// When its bytes were stored.
    pub stored_at: Timestamp,
}

/// Which build serves a channel, and which did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    format: u32,
    /// Counts the changes of this record.
    pub revision: u64,
    /// The build that serves; none: what the host starts with.
    pub serving: Option<Chosen>,
    /// Those that served before and can be gone back to, the latest last. Below the first is what the host starts with.
    pub earlier: Vec<Chosen>,
    /// Since when this is so.
    pub since: Timestamp,
    /// The highest that was deployed: an older one needs to be allowed.
    pub highest: Option<Highest>,
    /// Builds that may not be deployed.
    pub quarantined: Vec<Digest>,
}

/// A build and what it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Grants, beside what the channel has anyway.
    pub grants: Vec<String>,
}

/// How far a channel has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Highest {
    /// The version of the WIT package.
    pub version: Version,
    /// The signed build with the highest counter.
    pub signed: Option<Accepted>,
}

impl BuildRecord {
    /// What is known of a build that is about to be stored, without author, counter and signature.
    #[must_use]
    pub fn new(channel: &str, digest: Digest, version: &str, size: usize) -> Self {
        Self {
            format: FORMAT,
            channel: channel.to_owned(),
            digest,
            version: version.to_owned(),
            size,
            author: None,
            counter: None,
            signature: None,
            stored_at: 0,
        }
    }
}

impl Default for DeploymentRecord {
    /// A channel to which nothing was deployed.
    fn default() -> Self {
        Self {
            format: FORMAT,
            revision: 0,
            serving: None,
            earlier: Vec::new(),
            since: 0,
            highest: None,
            quarantined: Vec::new(),
        }
    }
}

impl DeploymentRecord {
    /// The record after `chosen` took over at `now`.
    #[must_use]
    pub fn deploy(&self, chosen: Chosen, highest: Highest, now: Timestamp) -> Self {
        let mut next = self.next(now);
        next.quarantined.retain(|digest| *digest != chosen.digest);
        next.earlier.extend(next.serving.replace(chosen));
        let too_many = next.earlier.len().saturating_sub(MAX_EARLIER);
        next.earlier.drain(..too_many);
        next.highest = Some(highest);
        next
    }

    /// The record after going back at `now`; none if there is nothing to go back to. With `quarantine` the build that served may
    /// not be deployed again.
    #[must_use]
    pub fn roll_back(&self, quarantine: bool, now: Timestamp) -> Option<Self> {
        let mut next = self.next(now);
        let left = next.serving.take()?;
        next.serving = next.earlier.pop();
        if quarantine {
            // It may have served before, too: nobody wants to go back to it.
            next.earlier.retain(|chosen| chosen.digest != left.digest);
            next.quarantine(left.digest);
        }
        Some(next)
    }

    /// Keeps `digest` from being deployed.
    pub fn quarantine(&mut self, digest: Digest) {
        if !self.quarantined.contains(&digest) {
            self.quarantined.push(digest);
        }
        let too_many = self.quarantined.len().saturating_sub(MAX_QUARANTINED);
        self.quarantined.drain(..too_many);
    }

    /// Whether the bytes of `digest` are needed: it serves or can be gone back to.
    #[must_use]
    pub fn needs(&self, digest: &Digest) -> bool {
        let chosen = self.serving.iter().chain(&self.earlier);
        chosen.into_iter().any(|chosen| chosen.digest == *digest)
    }

    fn next(&self, now: Timestamp) -> Self {
        Self {
            revision: self.revision + 1,
            since: now,
            ..self.clone()
        }
    }
}

/// The bytes to store.
pub(super) fn encode(entry: &str, record: &impl Serialize) -> Result<Vec<u8>, BuildsError> {
    serde_json::to_vec(record).map_err(|_| damaged(entry, "it cannot be written"))
}

/// The record that is stored as `bytes` under the key `entry`.
pub(super) fn decode<T: DeserializeOwned>(entry: &str, bytes: &[u8]) -> Result<T, BuildsError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let unreadable = |_| damaged(entry, "it is not a record of builds");
    let Format { format } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if format != FORMAT {
        return Err(damaged(entry, "a later version of this program wrote it"));
    }
    serde_json::from_slice(bytes).map_err(unreadable)
}

pub(super) fn damaged(entry: &str, why: &'static str) -> BuildsError {
    BuildsError::Record {
        entry: entry.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(name: &str) -> Chosen {
        Chosen {
            digest: Digest::of(name.as_bytes()),
            grants: Vec::new(),
        }
    }

    fn highest() -> Highest {
        Highest {
            version: Version::new(1, 0, 0),
            signed: None,
        }
    }

    fn deployed(names: &[&str]) -> DeploymentRecord {
        let first = DeploymentRecord::default();
        names.iter().fold(first, |record, name| {
            record.deploy(chosen(name), highest(), 7)
        })
    }

    #[test]
    fn one_goes_back_build_by_build_down_to_what_the_host_starts_with() {
        let mut record = deployed(&["a", "b"]);
        assert_eq!(record.revision, 2);
        for expected in [Some(chosen("a")), None] {
            record = record.roll_back(false, 8).unwrap();
            assert_eq!(record.serving, expected);
        }
        assert_eq!((record.revision, record.since), (4, 8));
        assert_eq!(record.roll_back(false, 9), None);
        assert_eq!(record.highest, Some(highest()), "what was reached is kept");
    }

    #[test]
    fn the_oldest_give_way_and_the_bottom_stays() {
        let mut record = deployed(&["a", "b", "c", "d", "e", "f"]);
        assert!(record.needs(&chosen("b").digest) && !record.needs(&chosen("a").digest));
        for _ in 0..5 {
            record = record.roll_back(false, 8).unwrap();
        }
        assert_eq!(record.serving, None);
    }

    #[test]
    fn what_is_quarantined_is_not_gone_back_to_and_is_let_out_by_a_deploy() {
        let record = deployed(&["a", "b", "a"]).roll_back(true, 8).unwrap();
        assert_eq!(record.serving, Some(chosen("b")));
        assert_eq!(record.quarantined, [chosen("a").digest]);
        assert!(!record.needs(&chosen("a").digest));
        let record = record.deploy(chosen("a"), highest(), 9);
        assert_eq!(record.quarantined, []);
        let mut full = DeploymentRecord::default();
        for number in 0..300_u32 {
            full.quarantine(Digest::of(&number.to_be_bytes()));
        }
        assert_eq!(full.quarantined.len(), MAX_QUARANTINED);
        assert!(
            full.quarantined
                .contains(&Digest::of(&299_u32.to_be_bytes()))
        );
    }

    #[test]
    fn records_are_read_as_they_were_written_and_a_later_form_is_refused_by_name() {
        let record = deployed(&["a"]);
        let bytes = encode("channel/x", &record).unwrap();
        assert_eq!(
            decode::<DeploymentRecord>("channel/x", &bytes).unwrap(),
            record
        );
        let later = String::from_utf8(bytes)
            .unwrap()
            .replace("\"format\":1", "\"format\":2");
        let error = decode::<DeploymentRecord>("channel/x", later.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("later version"), "{error}");
        let error = decode::<DeploymentRecord>("channel/x", b"\xff").unwrap_err();
        assert!(error.to_string().contains("channel/x"), "{error}");
    }
}
