//! A store that fails, bytes that are damaged, an end at any moment.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use vestibule::StartError;
use vestibule::audit::Retention;
use vestibule::builds::{BuildsError, Refused, RollbackOptions};
use vestibule::error::{Code, Failure};
use vestibule::sandbox::Digest;
use vestibule::store::{Batch, Commit, Namespace, Record, Store, StoreError, Write};
use vestibule::testing::{Hook, HookedStore, StoreFault};
use vestibule_tests::batch::attempt;
use vestibule_tests::guests;
use vestibule_tests::harness;
use vestibule_tests::store::Backend;

use crate::world::{build, counter, info, marked};

/// What becomes of commits about builds: so many are taken and no more, as if the process had ended then; and the next one may
/// fail in a way of its own.
struct Trouble {
    left: AtomicI64,
    next: Mutex<Option<StoreFault>>,
}

/// Takes as many as there are.
const ALL: i64 = i64::MAX;

impl Trouble {
    fn over(inner: Arc<dyn Store>) -> Arc<HookedStore<Self>> {
        let trouble = Self {
            left: AtomicI64::new(ALL),
            next: Mutex::default(),
        };
        HookedStore::over(inner, trouble)
    }

    fn fail_next(&self, fault: StoreFault) {
        *self.next.lock().unwrap() = Some(fault);
    }
}

#[async_trait]
impl Hook for Trouble {
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        let is_ours = batch.writes.iter().any(|write| match write {
            Write::Put { namespace, .. } | Write::Delete { namespace, .. } => {
                namespace.as_str().starts_with("h/build")
            }
        });
        if is_ours && self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(StoreError::Unavailable("the process has ended".into()));
        }
        let fault = self.next.lock().unwrap().take_if(|_| is_ours);
        match fault {
            None => below.commit(batch).await,
            Some(StoreFault::Full) => Err(StoreError::Full("as the test says".into())),
            Some(StoreFault::LostAnswer) => below.commit(batch).await.map(|_| Commit::Unknown),
            Some(StoreFault::LostRequest) => Ok(Commit::Unknown),
            Some(other) => panic!("no test asks for {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_end_between_any_two_steps_leaves_a_state_that_serves() {
    // Of several groups of chunks.
    let mut next = marked(guests::COUNTER_B, 1);
    let padding = vec![b'p'; 2_000_000];
    let length = padding.len() + 2;
    next.push(0);
    next.extend([
        length as u8 | 0x80,
        (length >> 7) as u8 | 0x80,
        (length >> 14) as u8,
    ]);
    next.extend([1, b'p']);
    next.extend(padding);
    let mut ends = 0;
    for taken in 0.. {
        let store = Backend::Memory.open().0;
        let cut = Trouble::over(store.clone());
        let host = counter(cut.clone()).start().await;
        cut.hook.left.store(taken, Ordering::SeqCst);
        let done = host.deploy("counter", next.clone()).await;
        drop(host);

        let after = counter(store).start().await;
        let expected = if done.is_ok() { "b" } else { "a" };
        assert_eq!(build(&after).await, expected, "after {taken} commits");
        after.deploy("counter", next.clone()).await.unwrap();
        assert_eq!(build(&after).await, "b", "after {taken} commits");
        if done.is_ok() {
            break;
        }
        ends += 1;
    }
    assert!(ends > 4, "record, bytes in groups, decision: {ends}");
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() {
    for (fault, expected) in [
        (StoreFault::LostAnswer, "b"),
        (StoreFault::LostRequest, "a"),
    ] {
        let store = Trouble::over(Backend::Memory.open().0);
        let host = counter(store.clone()).start().await;
        // The bytes are there from before, so that what follows is their record and the decision.
        host.deploy("counter", guests::COUNTER_B).await.unwrap();
        host.rollback("counter").await.unwrap();
        store.hook.fail_next(fault);
        let done = host.deploy("counter", guests::COUNTER_B).await;
        assert_eq!(build(&host).await, expected, "{done:?}");
        assert!(store.hook.next.lock().unwrap().is_none());
    }
}

#[tokio::test]
async fn a_full_disk_is_named_and_the_serving_build_untouched() {
    let store = Trouble::over(Backend::Memory.open().0);
    let host = counter(store.clone()).start().await;
    store.hook.fail_next(StoreFault::Full);
    let refused = host.deploy("counter", guests::COUNTER_B).await.unwrap_err();
    assert!(
        matches!(
            refused,
            Refused::Store(BuildsError::Store(StoreError::Full(_)))
        ),
        "{refused}"
    );
    let failure = Failure::from(refused);
    assert_eq!(failure.code, Code::Unavailable);
    assert!(failure.to_string().contains("disk is full"), "{failure}");
    assert_eq!(build(&host).await, "a");
    assert_eq!(info(&host, "counter").revision, 0);
    // There is room again.
    host.deploy("counter", guests::COUNTER_B).await.unwrap();
    assert_eq!(build(&host).await, "b");

    store.hook.fail_next(StoreFault::Full);
    host.rollback("counter").await.unwrap_err();
    assert_eq!(build(&host).await, "b");
}

async fn write(store: &Arc<dyn Store>, namespace: Namespace, key: &str, value: &[u8]) {
    let batch = Batch {
        attempt: attempt(),
        now: 0,
        checks: Vec::new(),
        writes: vec![Write::Put {
            namespace,
            key: key.to_owned(),
            record: Record::plain(value.to_vec()),
        }],
    };
    store.commit(batch).await.unwrap();
}

#[tokio::test]
async fn a_deployed_build_that_is_damaged_is_no_reason_to_serve_another_one() {
    let store = Backend::Memory.open().0;
    let host = counter(store.clone()).start().await;
    host.deploy("counter", guests::COUNTER_B).await.unwrap();
    let builds = host.host.builds().clone();
    drop(host);
    let digest = Digest::of(guests::COUNTER_B);
    let chunk = format!("counter/{digest}/0000");
    write(
        &store,
        Namespace::reserved("build-bytes"),
        &chunk,
        b"damaged",
    )
    .await;

    let error = counter(store.clone()).try_start().await.err().unwrap();
    assert!(matches!(error, StartError::Deployed { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("vestibule component rollback counter --offline"),
        "{text}"
    );

    // What that command does.
    let options = RollbackOptions::default();
    let back = builds
        .roll_back("counter", &options, Retention::days(1))
        .await;
    assert!(back.unwrap().is_some());
    let host = counter(store).start().await;
    assert_eq!(build(&host).await, "a");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_a_host_from_starting() {
    let store = Backend::Memory.open().0;
    for record in [&b"\xff"[..], br#"{"format": 2}"#] {
        write(
            &store,
            Namespace::reserved("builds"),
            "channel/counter",
            record,
        )
        .await;
        let error = counter(store.clone()).try_start().await.err().unwrap();
        assert!(matches!(error, StartError::Builds(_)), "{error}");
        assert!(error.to_string().contains("channel/counter"), "{error}");
    }
}

#[tokio::test]
async fn a_deployed_build_whose_grants_are_gone_is_no_reason_to_serve_another_one() {
    let store = Backend::Memory.open().0;
    let bring = || {
        harness::over(store.clone())
            .component(guests::silent("importing"))
            .component(guests::silent("other"))
    };
    let host = bring().start().await;
    let calls = guests::importing("vestibule:other/commands@1.0.0", "run");
    host.deploy_with("importing", calls, &["other/run"])
        .await
        .unwrap();
    drop(host);
    let error = bring()
        .grant("importing", &[])
        .try_start()
        .await
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        text.contains("importing") && text.contains("--offline"),
        "{text}"
    );
    // With its grants it serves.
    bring().grant("importing", &["other/run"]).start().await;
}

#[tokio::test]
async fn deployed_builds_that_the_others_have_outgrown_are_named() {
    let store = Backend::Memory.open().0;
    let host = harness::over(store.clone())
        .component(guests::silent_as("callee", "walk"))
        .start()
        .await;
    let held = marked(&guests::silent_as("callee", "walk"), 1);
    host.deploy("callee", held).await.unwrap();
    drop(host);
    // A later release brings a caller along, and what it calls.
    let later = harness::over(store)
        .component(guests::silent("callee"))
        .component(guests::relay("caller", "callee"))
        .grant("caller", &["callee/run"]);
    let error = later.try_start().await.err().unwrap();
    assert!(
        matches!(&error, StartError::Misfit { deployed, .. } if deployed == &["callee"]),
        "{error}"
    );
    assert!(error.to_string().contains("--offline"), "{error}");
}
