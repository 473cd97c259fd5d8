use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use semver::Version;

use super::ledger::build_key;
use super::*;
use crate::clock::{Clock, Timestamp};
use crate::sandbox::Digest;
use crate::services::attempt_id;
use crate::store::memory::MemoryStore;
use crate::store::{Record, Store, StoreError, Write};
use crate::transaction::commit_unchecked;

const HOUR: u64 = 60 * 60 * 1000;

struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::SeqCst)
    }
}

struct World {
    store: Arc<dyn Store>,
    clock: Arc<Hands>,
    builds: Builds,
}

fn world() -> World {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let clock = Arc::new(Hands(AtomicU64::new(1_000)));
    let builds = Builds::new(store.clone(), clock.clone());
    World {
        store,
        clock,
        builds,
    }
}

/// Bytes that differ by their place, so that chunks cannot be mixed up.
fn bytes(size: usize, seed: u32) -> Vec<u8> {
    let words = (0..).flat_map(|n: u32| {
        n.wrapping_mul(2_654_435_761)
            .wrapping_add(seed)
            .to_le_bytes()
    });
    words.take(size).collect()
}

fn build(channel: &str, bytes: &[u8]) -> BuildRecord {
    BuildRecord::new(channel, Digest::of(bytes), "1.0.0", bytes.len())
}

impl World {
    async fn stored(&self, channel: &str, bytes: &[u8]) -> Digest {
        let build = build(channel, bytes);
        self.builds.store(&build, bytes).await.unwrap();
        build.digest
    }

    async fn deployed(&self, channel: &str, digest: Digest) -> DeploymentRecord {
        let seen = self.builds.deployments().await.unwrap();
        let record = deploy(&seen.of(channel), digest);
        let replaced = self.builds.replace(&seen, channel, &record, Vec::new());
        assert!(replaced.await.unwrap());
        record
    }

    async fn write(&self, namespace: crate::store::Namespace, key: &str, value: Option<&[u8]>) {
        let key = key.to_owned();
        let write = match value {
            Some(value) => Write::Put {
                namespace,
                key,
                record: Record::plain(value.to_vec()),
            },
            None => Write::Delete { namespace, key },
        };
        commit_unchecked(&*self.store, attempt_id(), 0, vec![write])
            .await
            .unwrap();
    }
}

fn deploy(record: &DeploymentRecord, digest: Digest) -> DeploymentRecord {
    let grants = vec!["mail".to_owned()];
    let highest = Highest {
        version: Version::new(1, 0, 0),
        signed: None,
    };
    record.deploy(Chosen { digest, grants }, highest, 5)
}

#[tokio::test]
async fn bytes_come_back_as_they_were_stored() {
    let world = world();
    for size in [0, 1, 192 * 1024, 192 * 1024 + 1, 3 * 1024 * 1024] {
        let bytes = bytes(size, 1);
        let digest = world.stored("token", &bytes).await;
        assert!(
            world.builds.bytes("token", &digest).await.unwrap() == bytes,
            "{size}"
        );
        let found = world.builds.find("token", &digest).await.unwrap().unwrap();
        assert_eq!((found.size, found.stored_at), (size, 1_000));
        let elsewhere = world.builds.bytes("users", &digest).await;
        assert!(
            matches!(elsewhere, Err(BuildsError::Bytes { .. })),
            "{size}"
        );
    }
    assert_eq!(world.builds.list("token").await.unwrap().len(), 5);
}

#[tokio::test]
async fn bytes_that_were_altered_cut_or_swapped_are_not_given() {
    let world = world();
    let bytes = bytes(500_000, 1);
    let digest = world.stored("token", &bytes).await;
    let chunk = |number: usize| format!("token/{digest}/{number:04}");
    let (first, second) = (&bytes[..196_608], &bytes[196_608..393_216]);
    let mut flipped = first.to_vec();
    flipped[7] ^= 1;
    for (number, value) in [
        (0, Some(&flipped[..])),
        (0, Some(second)),
        (0, Some(&first[1..])),
        (0, None),
        (2, None),
        (2, Some(&bytes[..])),
    ] {
        world.write(chunks(), &chunk(number), value).await;
        let refused = world.builds.bytes("token", &digest).await;
        assert!(
            matches!(refused, Err(BuildsError::Bytes { .. })),
            "{number}"
        );
        // Whoever deploys it again mends it.
        world.stored("token", &bytes).await;
        assert!(world.builds.bytes("token", &digest).await.unwrap() == bytes);
    }
    let key = build_key("token", &digest);
    for record in [&b"{}"[..], b"\xff"] {
        world.write(records(), &key, Some(record)).await;
        let refused = world.builds.bytes("token", &digest).await;
        assert!(matches!(refused, Err(BuildsError::Record { .. })));
    }
}

#[tokio::test]
async fn of_two_who_change_at_once_one_wins_whatever_the_channel() {
    let world = world();
    let one = world.builds.deployments().await.unwrap();
    let digest = Digest::of(b"a");
    let record = deploy(&one.of("token"), digest);
    let replace = |seen, channel| {
        let (builds, record) = (world.builds.clone(), record.clone());
        async move {
            builds
                .replace(seen, channel, &record, Vec::new())
                .await
                .unwrap()
        }
    };
    assert!(replace(&one, "token").await);
    assert!(!replace(&one, "token").await, "it was changed");
    assert!(!replace(&one, "users").await, "what it calls was changed");
    let two = world.builds.deployments().await.unwrap();
    assert_eq!(two.of("token"), record);
    assert_eq!(two.of("users"), DeploymentRecord::default());
    assert!(replace(&two, "users").await);
}

#[tokio::test]
async fn going_back_on_a_host_that_does_not_start_changes_the_record_alone() {
    let world = world();
    let options = RollbackOptions {
        quarantine: true,
        ..RollbackOptions::default()
    };
    let retention = crate::audit::Retention::days(1);
    let never = world.builds.roll_back("token", &options, retention).await;
    assert_eq!(never.unwrap(), None);
    let digest = Digest::of(b"a");
    world.deployed("token", digest).await;
    let back = world.builds.roll_back("token", &options, retention).await;
    let back = back.unwrap().unwrap();
    assert_eq!(back.revision, 2);
    let audit = crate::audit::AuditLog::new(world.store.clone(), world.clock.clone());
    let query = crate::audit::AuditQuery {
        limit: 10,
        ..Default::default()
    };
    let records = audit.read(&query).await.unwrap().records;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].record.action, "component-rollback");
    assert_eq!(
        (back.serving.is_none(), &back.quarantined[..]),
        (true, &[digest][..])
    );
    assert_eq!(world.builds.deployment("token").await.unwrap(), back);
}

#[tokio::test]
async fn what_nothing_needs_is_removed_after_a_while_and_the_rest_is_kept() {
    let world = world();
    let serving = world.stored("token", &bytes(300_000, 1)).await;
    world.deployed("token", serving).await;
    let left = world.stored("token", &bytes(300_000, 2)).await;
    let other = world.stored("users", &bytes(10, 3)).await;
    assert_eq!(
        world.builds.collect("token").await.unwrap(),
        0,
        "it may be on its way"
    );
    world.clock.0.store(1_001 + HOUR, Ordering::SeqCst);
    assert_eq!(world.builds.collect("token").await.unwrap(), 1);
    assert_eq!(world.builds.find("token", &left).await.unwrap(), None);
    assert!(world.builds.bytes("token", &serving).await.is_ok());
    assert!(world.builds.bytes("users", &other).await.is_ok());
    let mut snapshot = world.store.begin().await.unwrap();
    let key = format!("token/{left}/0000");
    assert_eq!(snapshot.get(&chunks(), &key, 0).await.unwrap(), None);
}

#[tokio::test]
async fn a_record_of_a_later_version_is_refused_by_name() {
    let world = world();
    let later = br#"{"format":2,"what":"ever"}"#;
    world.write(records(), "channel/token", Some(later)).await;
    let error = world.builds.deployments().await.unwrap_err();
    assert!(
        matches!(&error, BuildsError::Record { entry, .. } if entry == "channel/token"),
        "{error}"
    );
    let unreadable = BuildsError::Store(StoreError::Unavailable("down".into()));
    assert!(!unreadable.to_string().contains("token"));
}

#[tokio::test]
async fn a_copy_has_all_that_is_known_and_is_another_store() {
    let world = world();
    let bytes = bytes(300_000, 1);
    let digest = world.stored("token", &bytes).await;
    let record = world.deployed("token", digest).await;
    let other: Arc<dyn Store> = Arc::new(MemoryStore::new());
    world.builds.copy_to(&*other).await.unwrap();
    let copy = Builds::new(other, world.clock.clone());
    assert_eq!(copy.deployment("token").await.unwrap(), record);
    assert!(copy.bytes("token", &digest).await.unwrap() == bytes);
}
