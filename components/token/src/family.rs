//! A token family: all tokens that follow from one sign-in, which is the session a person sees.
//!
//! Each refresh makes the next *generation*. Only the newest generation's refresh token is worth a rotation:
//!
//! ```text
//! presented generation   newest ──────────────► rotate
//!                        newest - 1, in grace ─► the newest again, nothing changes (a lost reply, two tabs)
//!                        anything else ────────► replayed: the family ends
//! ```
//!
//! A family lives exactly as long as its record is stored. Ending it deletes the record, and then nothing that
//! belonged to it is worth anything: neither its refresh tokens nor its access tokens.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ports::Config;
use crate::proof::Proof;
use crate::settings::Settings;

/// A family's stored record (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Whose tokens.
    pub subject: String,
    /// The client the tokens were issued to.
    pub client_id: String,
    /// When it began.
    pub created_at: u64,
    /// The newest refresh token's generation, from 0.
    pub generation: u32,
    /// When the newest generation was made.
    pub rotated_at: u64,
    /// When it ends unless it is refreshed; never after `expires_at`.
    pub idle_expires_at: u64,
    /// When it ends in any case.
    pub expires_at: u64,
    /// How the subject proved who they are; none if somebody else asked for the tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Whether it has no refresh tokens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub access_only: bool,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// What a genuine refresh token is to its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The newest token: it may be rotated.
    Newest,
    /// The one before, within the grace, while its successor is unused: the successor may be given again.
    Previous,
    /// A token that was used up, or that this store never gave out: somebody has a copy.
    Replayed,
}

/// What `verify-token` needs of a record; the rest is not parsed.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Standing {
    /// Whose tokens.
    pub(crate) subject: String,
    /// When the family began.
    pub(crate) created_at: u64,
    /// How the subject proved who they are.
    #[serde(default)]
    pub(crate) proof: Option<Proof>,
}

impl Family {
    /// A family that begins at `now`, with `proof` of who its subject is.
    pub fn begin<C: Config>(
        subject: &str,
        client_id: String,
        proof: Option<Proof>,
        now: u64,
        settings: &Settings<'_, C>,
    ) -> Self {
        let expires_at = now.saturating_add(settings.absolute_lifetime());
        Self {
            subject: subject.to_owned(),
            client_id,
            created_at: now,
            generation: 0,
            rotated_at: now,
            idle_expires_at: expires_at.min(now.saturating_add(settings.idle_lifetime())),
            expires_at,
            proof,
            access_only: false,
            later: Map::new(),
        }
    }

    /// The same, over by `moment` in any case.
    #[must_use]
    pub fn ending_by(self, moment: u64) -> Self {
        Self {
            idle_expires_at: self.idle_expires_at.min(moment),
            expires_at: self.expires_at.min(moment),
            ..self
        }
    }

    /// The same without refresh tokens: it ends with its access token.
    #[must_use]
    pub fn into_access_only<C: Config>(self, settings: &Settings<'_, C>) -> Self {
        let lifetime = settings.access_lifetime();
        let expires_at = self
            .idle_expires_at
            .min(self.created_at.saturating_add(lifetime));
        Self {
            idle_expires_at: expires_at,
            expires_at,
            access_only: true,
            ..self
        }
    }

    /// What a token of `generation` is at `now`. The grace ends `grace` milliseconds after the rotation: at that moment
    /// it is over.
    ///
    /// `now` may lie before the rotation, since a message's moment is the one it began at: that is within the grace.
    #[must_use]
    pub fn presented(&self, generation: u32, now: u64, grace: u64) -> Presented {
        if self.access_only {
            return Presented::Replayed;
        }
        if generation == self.generation {
            return Presented::Newest;
        }
        let previous = generation.checked_add(1) == Some(self.generation);
        if previous && now.saturating_sub(self.rotated_at) < grace {
            return Presented::Previous;
        }
        Presented::Replayed
    }

    /// Makes the next generation at `now`, and slides the idle end, never past the absolute one.
    pub fn rotate<C: Config>(&mut self, now: u64, settings: &Settings<'_, C>) {
        self.generation = self.generation.saturating_add(1);
        self.rotated_at = now;
        self.idle_expires_at = self
            .expires_at
            .min(now.saturating_add(settings.idle_lifetime()));
    }

    /// Reads a stored record.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The record to store.
    pub(crate) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record of texts and numbers is always JSON")
    }
}

impl Standing {
    /// Reads a stored record, if it is `subject`'s.
    pub(crate) fn read(bytes: &[u8], subject: &str) -> Option<Self> {
        let standing: Self = serde_json::from_slice(bytes).ok()?;
        (standing.subject == subject).then_some(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    fn family(world: &World) -> Family {
        Family::begin("u1", "client".into(), None, 1_000, &Settings::new(world))
    }

    #[test]
    fn the_grace_ends_at_its_last_millisecond() {
        let world = World::default();
        let mut family = family(&world);
        family.rotate(5_000, &Settings::new(&world));
        assert_eq!(family.presented(1, 5_000, 30_000), Presented::Newest);
        assert_eq!(family.presented(0, 4_999, 30_000), Presented::Previous);
        assert_eq!(family.presented(0, 34_999, 30_000), Presented::Previous);
        assert_eq!(family.presented(0, 35_000, 30_000), Presented::Replayed);
    }

    #[test]
    fn without_grace_every_second_use_is_a_replay() {
        let world = World::default();
        let mut family = family(&world);
        family.rotate(5_000, &Settings::new(&world));
        assert_eq!(family.presented(0, 5_000, 0), Presented::Replayed);
    }

    // E08
    #[test]
    fn a_grandparent_is_a_replay_also_within_the_grace() {
        let world = World::default();
        let mut family = family(&world);
        family.rotate(5_000, &Settings::new(&world));
        family.rotate(5_001, &Settings::new(&world));
        assert_eq!(family.presented(0, 5_001, 30_000), Presented::Replayed);
        assert_eq!(family.presented(1, 5_001, 30_000), Presented::Previous);
    }

    #[test]
    fn a_generation_that_was_never_given_out_is_a_replay() {
        let world = World::default();
        let family = family(&world);
        assert_eq!(family.presented(1, 1_000, 30_000), Presented::Replayed);
        assert_eq!(
            family.presented(u32::MAX, 1_000, 30_000),
            Presented::Replayed
        );
    }

    // D05
    #[test]
    fn sliding_never_passes_the_absolute_end() {
        let world = World::default();
        world.set("idle-lifetime", "50");
        world.set("absolute-lifetime", "120");
        let mut family = family(&world);
        assert_eq!((family.idle_expires_at, family.expires_at), (1_050, 1_120));
        family.rotate(1_040, &Settings::new(&world));
        assert_eq!((family.idle_expires_at, family.expires_at), (1_090, 1_120));
        family.rotate(1_085, &Settings::new(&world));
        assert_eq!((family.idle_expires_at, family.expires_at), (1_120, 1_120));
    }

    // D05
    #[test]
    fn no_family_outlives_the_moment_that_it_was_given() {
        let world = World::default();
        world.set("idle-lifetime", "50");
        world.set("absolute-lifetime", "120");
        let mut short = family(&world).ending_by(1_030);
        assert_eq!((short.idle_expires_at, short.expires_at), (1_030, 1_030));
        short.rotate(1_020, &Settings::new(&world));
        assert_eq!((short.idle_expires_at, short.expires_at), (1_030, 1_030));
        let mut long = family(&world).ending_by(1_100);
        assert_eq!((long.idle_expires_at, long.expires_at), (1_050, 1_100));
        long.rotate(1_040, &Settings::new(&world));
        assert_eq!((long.idle_expires_at, long.expires_at), (1_090, 1_100));
        let as_before = family(&world).ending_by(9_999);
        assert_eq!(as_before, family(&world));
    }

    #[test]
    fn absurd_lifetimes_saturate() {
        let world = World::default();
        world.set("absolute-lifetime", &u64::MAX.to_string());
        world.set("idle-lifetime", &u64::MAX.to_string());
        assert_eq!(family(&world).idle_expires_at, u64::MAX);
    }

    #[test]
    fn fields_of_a_later_build_survive_a_rewrite() {
        let world = World::default();
        let mut record: Map<String, Value> =
            serde_json::from_slice(&family(&world).write()).unwrap();
        record.insert("device".into(), serde_json::json!({"name": "phone"}));
        let mut read = Family::read(&serde_json::to_vec(&record).unwrap()).unwrap();
        read.rotate(2_000, &Settings::new(&world));
        let rewritten: Map<String, Value> = serde_json::from_slice(&read.write()).unwrap();
        assert_eq!(rewritten["device"], record["device"]);
    }

    #[test]
    fn a_record_without_a_proof_is_read_and_written_as_before_there_were_any() {
        let world = World::default();
        let record = family(&world).write();
        let text = String::from_utf8_lossy(&record);
        assert!(!text.contains("proof") && !text.contains("access_only"));
        assert_eq!(Family::read(&record).unwrap().proof, None);
        let standing = Standing::read(&record, "u1").unwrap();
        assert_eq!((standing.created_at, standing.proof), (1_000, None));
        assert_eq!(Standing::read(&record, "u2"), None);
    }

    #[test]
    fn an_access_only_family_stays_one() {
        let world = World::default();
        let family = family(&world).into_access_only(&Settings::new(&world));
        let read = Family::read(&family.write()).unwrap();
        assert!(read.access_only);
        assert_eq!(read.presented(0, 1_000, 30_000), Presented::Replayed);
    }

    #[test]
    fn a_proof_survives_a_rewrite_with_what_a_later_build_put_into_it() {
        let world = World::default();
        let mut record: Value = serde_json::from_slice(&family(&world).write()).unwrap();
        record["proof"] = serde_json::json!({"roles": ["admin"], "scopes": [], "methods": ["pwd"], "authenticated_at": 900, "acr": "2"});
        let mut read = Family::read(record.to_string().as_bytes()).unwrap();
        read.rotate(2_000, &Settings::new(&world));
        let rewritten: Value = serde_json::from_slice(&read.write()).unwrap();
        assert_eq!(rewritten["proof"], record["proof"]);
    }

    #[test]
    fn nonsense_is_no_record() {
        assert_eq!(Family::read(b"{}"), None);
        assert_eq!(Family::read(b"\xff"), None);
        assert_eq!(Standing::read(b"", "u1"), None);
    }
}
