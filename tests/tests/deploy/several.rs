//! Deploys at the same time, and hosts that share a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use vestibule::Host;
use vestibule::builds::{DeployOptions, Refused};
use vestibule::host::DeploymentState;
use vestibule::keyring::RootKey;
use vestibule::sandbox::Digest;
use vestibule::store::{Batch, Commit, Store, StoreError, Write};
use vestibule::testing::{Gate, Hook, HookedStore};
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use crate::world::{build, counter, info, marked};

on_every_backend! {
    of_deploys_at_the_same_time_one_wins_and_the_others_are_told,
    another_host_follows_and_what_was_taken_back_stays_so,
}

async fn of_deploys_at_the_same_time_one_wins_and_the_others_are_told(backend: Backend) {
    let (store, _folder) = backend.open();
    // Two hosts, so that no lock of one process decides it.
    let one = counter(store.clone()).start().await;
    let two = counter(store).start().await;
    let deploys = (0..6).map(|mark| {
        let host = [&one, &two][usize::from(mark % 2)].host.clone();
        let next = marked(guests::COUNTER_B, mark);
        tokio::spawn(async move { host.deploy("counter", next, DeployOptions::default()).await })
    });
    let done: Vec<_> = join_all(deploys.collect::<Vec<_>>()).await;
    let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
    let won: Vec<_> = done.iter().filter_map(|done| done.as_ref().ok()).collect();
    assert!(!won.is_empty());
    for lost in done.iter().filter_map(|done| done.as_ref().err()) {
        assert!(matches!(lost, Refused::Conflict(_)), "{lost}");
    }
    // Whoever won did so one after the other.
    let mut revisions: Vec<_> = won.iter().map(|won| won.revision).collect();
    revisions.sort_unstable();
    let expected: Vec<_> = (1..=won.len() as u64).collect();
    assert_eq!(revisions, expected);
    let last = won.iter().max_by_key(|won| won.revision).unwrap();
    for host in [&one, &two] {
        host.host.follow_deployments().await.unwrap();
        assert_eq!(info(host, "counter").digest, last.digest.to_string());
    }
}

/// Holds the first bytes of a build at a gate.
struct Held {
    gate: Arc<Gate>,
    is_first: AtomicBool,
}

#[async_trait]
impl Hook for Held {
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        let has_bytes = batch.writes.iter().any(|write| match write {
            Write::Put { namespace, .. } => namespace.as_str() == "h/build-bytes",
            Write::Delete { .. } => false,
        });
        if has_bytes && self.is_first.swap(false, Ordering::SeqCst) {
            self.gate.pass().await;
        }
        below.commit(batch).await
    }
}

/// A deploy of b on one host that is overtaken by `what` on another, and then goes on.
async fn overtaken<F>(what: impl FnOnce(Harness) -> F) -> Refused
where
    F: Future<Output = Harness>,
{
    let inner = Backend::Memory.open().0;
    let other = counter(inner.clone()).start().await;
    other
        .deploy("counter", marked(guests::COUNTER_A, 1))
        .await
        .unwrap();
    let gate = Arc::<Gate>::default();
    let held = Held {
        gate: gate.clone(),
        is_first: AtomicBool::new(true),
    };
    let slow = Arc::new(counter(HookedStore::over(inner, held)).start().await);
    let deploy = tokio::spawn({
        let slow = slow.clone();
        async move { slow.deploy("counter", guests::COUNTER_B).await }
    });
    gate.reached().await;
    let other = what(other).await;
    let decided = info(&other, "counter");
    gate.open();
    let refused = deploy.await.unwrap().unwrap_err();
    slow.host.follow_deployments().await.unwrap();
    for host in [&other, &*slow] {
        let serving = info(host, "counter");
        assert_eq!(
            (serving.digest, serving.revision),
            (decided.digest.clone(), 2)
        );
    }
    refused
}

#[tokio::test]
async fn a_deploy_that_was_overtaken_is_told_so() {
    let by_a_deploy = overtaken(|other| async move {
        let next = marked(guests::COUNTER_B, 2);
        other.deploy("counter", next).await.unwrap();
        other
    });
    let refused = by_a_deploy.await;
    assert!(matches!(refused, Refused::Conflict(_)), "{refused}");
    // What was taken back is not put into place again by a deploy that began before.
    let by_a_rollback = overtaken(|other| async move {
        other.rollback("counter").await.unwrap();
        other
    });
    let refused = by_a_rollback.await;
    assert!(matches!(refused, Refused::Conflict(_)), "{refused}");
}

async fn another_host_follows_and_what_was_taken_back_stays_so(backend: Backend) {
    let (store, _folder) = backend.open();
    let one = counter(store.clone()).start().await;
    let two = counter(store).start().await;
    one.deploy("counter", guests::COUNTER_B).await.unwrap();
    assert_eq!(
        (build(&one).await, build(&two).await),
        ("b".into(), "a".into())
    );
    two.host.follow_deployments().await.unwrap();
    assert_eq!(build(&two).await, "b");
    assert_eq!(info(&two, "counter").state, DeploymentState::Deployed);

    one.rollback("counter").await.unwrap();
    assert_eq!(build(&two).await, "b", "it has not looked yet");
    // It deploys nothing again by itself: what it does next is told from what is stored.
    let again = two.rollback("counter").await.unwrap_err();
    assert!(matches!(again, Refused::NoEarlier(_)), "{again}");
    assert_eq!(
        (build(&one).await, build(&two).await),
        ("a".into(), "a".into())
    );
    one.host.follow_deployments().await.unwrap();
    assert_eq!(build(&one).await, "a");
}

#[tokio::test]
async fn a_host_that_cannot_follow_goes_on_as_it_was_and_says_so() {
    let store = Backend::Memory.open().0;
    let bring = || {
        harness::over(store.clone())
            .component(guests::silent("importing"))
            .component(guests::silent("other"))
    };
    let one = bring().start().await;
    let strict = bring().grant("importing", &[]).start().await;
    let calls = guests::importing("vestibule:other/commands@1.0.0", "run");
    one.deploy_with("importing", calls, &["other/run"])
        .await
        .unwrap();
    strict.host.follow_deployments().await.unwrap();
    let behind = info(&strict, "importing");
    assert_eq!(behind.state, DeploymentState::Behind);
    assert_eq!(
        behind.digest,
        Digest::of(&guests::silent("importing")).to_string()
    );
    strict.ok("importing", "run", serde_json::json!({})).await;
    // The next one is one that it can.
    let next = marked(&guests::silent("importing"), 1);
    strict.deploy("importing", next.clone()).await.unwrap();
    assert_eq!(info(&strict, "importing").state, DeploymentState::Deployed);
    one.host.follow_deployments().await.unwrap();
    assert_eq!(
        info(&one, "importing").digest,
        Digest::of(&next).to_string()
    );
}

#[tokio::test]
async fn a_host_looks_by_itself() {
    let store = Backend::Memory.open().0;
    let one = counter(store.clone()).start().await;
    let mut config = one.host.config().clone();
    config.limits.concurrent = 2;
    let two = Host::builder()
        .config(config)
        .store(store)
        .root_key(RootKey::from_bytes([7; 32]))
        .without_bundle()
        .component(guests::COUNTER_A.to_vec())
        .follow_every(Duration::from_millis(10))
        .build()
        .await
        .unwrap();
    one.deploy("counter", guests::COUNTER_B).await.unwrap();
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let follows = async {
        while two.deployments()[0].state != DeploymentState::Deployed {
            looks.tick().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), follows).await;
    assert!(in_time.is_ok(), "nobody looked");
    let deployed = Digest::of(guests::COUNTER_B).to_string();
    assert_eq!(two.deployments()[0].digest, deployed);
}
