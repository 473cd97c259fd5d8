//! The pool: its verdicts, its fairness, its bounds. Threads are started by hand where the order matters.

mod imported;

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::keyring::{Options, Purpose, RootKey, Rotation};
use crate::store::memory::MemoryStore;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        1_700_000_000_000
    }
}

const CHEAP: Passwords = Passwords {
    memory_kib: 64,
    iterations: 1,
    parallelism: 1,
    workers: 1,
    queue: 4,
};

const SALT: [u8; 16] = *b"0123456789abcdef";

async fn ring() -> Arc<KeyRing> {
    let root = RootKey::from_bytes([1; 32]);
    let store = Arc::new(MemoryStore::new());
    let ring = KeyRing::open(store, &root, Arc::new(Still), Options::default());
    Arc::new(ring.await.unwrap())
}

async fn pool(config: &Passwords) -> HashPool {
    HashPool::new(config, ring().await).unwrap()
}

/// A pool whose one thread does not run yet.
async fn stopped(queue: usize) -> HashPool {
    let config = Passwords { queue, ..CHEAP };
    HashPool::stopped(&config, ring().await, 1).unwrap()
}

fn password(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}

/// Lets `future` begin; it is not done then.
async fn begin(future: &mut (impl Future + Unpin)) {
    let pending = std::future::poll_fn(|context| {
        Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
    });
    assert!(pending.await);
}

fn rotation() -> Rotation {
    Rotation {
        force: true,
        ..Rotation::default()
    }
}

// A07
#[tokio::test]
async fn a_hash_is_a_phc_string_with_salt_cost_and_pepper() {
    let pool = pool(&Passwords::default()).await;
    let phc = pool.hash("w", password("secret"), SALT).await.unwrap();
    let pepper = pool.ring.peppers().current();
    let start = format!("$argon2id$v=19$m=19456,t=2,p=1,keyid={}$", pepper.id);
    assert!(phc.starts_with(&start), "{phc}");
    let parsed = PasswordHash::new(&phc).unwrap();
    assert_eq!(parsed.salt.as_ref().unwrap().as_ref(), SALT);
    assert_eq!(parsed.hash.as_ref().unwrap().len(), 32);
    // Another implementation agrees about what it is a hash of: the password under its pepper, and not the password.
    let other = argon2::Argon2::default();
    assert!(
        other
            .verify_password(pepper.apply(b"secret").as_slice(), &parsed)
            .is_ok()
    );
    assert!(other.verify_password(b"secret", &parsed).is_err());
}

#[tokio::test]
async fn the_same_salt_gives_the_same_hash_and_another_another() {
    let pool = pool(&CHEAP).await;
    let one = pool.hash("w", password("secret"), SALT).await.unwrap();
    assert_eq!(one, pool.hash("w", password("secret"), SALT).await.unwrap());
    assert_ne!(
        one,
        pool.hash("w", password("secret"), [0; 16]).await.unwrap()
    );
    assert_ne!(one, pool.hash("w", password("Secret"), SALT).await.unwrap());
}

#[tokio::test]
async fn the_right_password_matches_and_no_other_does() {
    let pool = pool(&CHEAP).await;
    let phc = pool.hash("w", password("secret"), SALT).await.unwrap();
    let verify = async |text: &str| pool.verify("w", password(text), &phc).await.unwrap();
    assert_eq!(verify("secret").await, Verdict::Match);
    for wrong in ["", "Secret", "secret ", "secre", "secret\0"] {
        assert_eq!(verify(wrong).await, Verdict::Mismatch, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_known_hash_made_elsewhere_verifies() {
    // From the reference implementation's tests: no pepper, 64 MiB.
    let phc =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let pool = pool(&CHEAP).await;
    let verify = async |text: &str| pool.verify("w", password(text), phc).await.unwrap();
    assert_eq!(verify("password").await, Verdict::MatchNeedsRehash);
    assert_eq!(verify("sassword").await, Verdict::Mismatch);
}

// A07
#[tokio::test]
async fn other_parameters_or_an_earlier_pepper_ask_for_a_new_hash() {
    let ring = ring().await;
    let pool = HashPool::new(&CHEAP, ring.clone()).unwrap();
    let phc = pool.hash("w", password("secret"), SALT).await.unwrap();
    let changes: [fn(&mut Passwords); 4] = [
        |config| config.memory_kib = 128,
        |config| config.memory_kib = 32,
        |config| config.iterations = 2,
        |config| config.parallelism = 2,
    ];
    for change in changes {
        let mut config = CHEAP;
        change(&mut config);
        let changed = HashPool::new(&config, ring.clone()).unwrap();
        let verify = async |text: &str| changed.verify("w", password(text), &phc).await.unwrap();
        assert_eq!(verify("secret").await, Verdict::MatchNeedsRehash);
        assert_eq!(verify("wrong").await, Verdict::Mismatch);
    }
    ring.rotate(Purpose::Pepper, &rotation()).await.unwrap();
    let verify = async |text: &str, phc: &str| {
        let verdict = pool.verify("w", password(text), phc).await;
        verdict.unwrap()
    };
    assert_eq!(verify("secret", &phc).await, Verdict::MatchNeedsRehash);
    assert_eq!(verify("wrong", &phc).await, Verdict::Mismatch);
    let new = pool.hash("w", password("secret"), SALT).await.unwrap();
    assert_eq!(verify("secret", &new).await, Verdict::Match);
}

#[tokio::test]
async fn what_cannot_be_read_or_costs_too_much_is_a_mismatch_after_the_work_of_a_decoy() {
    let pool = pool(&CHEAP).await;
    let phc = pool.hash("w", password("secret"), SALT).await.unwrap();
    let id = pool.ring.peppers().current().id;
    let done = pool.status().hashed;
    let short = Stored {
        function: pool.own.function(),
        pepper: Some(id.clone()),
        salt: SALT.to_vec(),
        hash: vec![0; 15],
    };
    let bads = [
        String::new(),
        "secret".into(),
        phc.replace("m=64", "m=4294967295"),
        phc.replace("m=64", "m=65537"),
        phc.replace("m=64", "m=7"),
        phc.replace("t=1", "t=17"),
        phc.replace("t=1", "t=0"),
        phc.replace("p=1", "p=17"),
        phc.replace("p=1", "p=0"),
        phc.replace(&id, "AAAAAAAAAAA"),
        short.write().unwrap(),
    ];
    for (bad, number) in bads.iter().zip(1..) {
        let verdict = pool.verify("w", password("secret"), bad).await.unwrap();
        assert_eq!(verdict, Verdict::Mismatch, "{bad}");
        assert_eq!(pool.status().hashed, done + number, "{bad}");
    }
}

#[tokio::test]
async fn a_decoy_does_the_work_of_a_verification() {
    let pool = pool(&CHEAP).await;
    pool.decoy("w", password("secret")).await.unwrap();
    assert_eq!(pool.status().hashed, 1);
    // A decoy is refused like a verification, too.
    let stopped = stopped(0).await;
    let mut waiting = Box::pin(stopped.decoy("w", password("a")));
    begin(&mut waiting).await;
    let refused = stopped.decoy("w", password("b")).await;
    assert!(matches!(refused, Err(HashError::Overloaded { .. })));
}

#[tokio::test]
async fn memory_used_before_changes_no_hash() {
    let ring = ring().await;
    let pool = HashPool::new(&CHEAP, ring.clone()).unwrap();
    let fresh = pool.hash("w", password("secret"), SALT).await.unwrap();
    // A larger hash in between leaves its traces, or gives the memory back.
    for memory_kib in [48, 4096] {
        let config = Passwords {
            memory_kib,
            ..CHEAP
        };
        let other = HashPool::new(&config, ring.clone()).unwrap();
        let foreign = other.hash("w", password("x"), SALT).await.unwrap();
        let verdict = pool.verify("w", password("x"), &foreign).await.unwrap();
        assert_eq!(verdict, Verdict::MatchNeedsRehash);
        let again = pool.hash("w", password("secret"), SALT).await.unwrap();
        assert_eq!(again, fresh);
    }
}

#[tokio::test]
async fn a_full_queue_refuses_with_a_time_and_serves_the_rest() {
    // One is being hashed or about to be, two more may wait.
    let pool = stopped(2).await;
    let mut admitted: Vec<_> = (0..3)
        .map(|_| Box::pin(pool.hash("w", password("x"), SALT)))
        .collect();
    for future in &mut admitted {
        begin(future).await;
    }
    let refused = pool.hash("w", password("x"), SALT).await;
    let Err(HashError::Overloaded { retry_after_ms }) = refused else {
        panic!("{refused:?}");
    };
    // Four times the first guess.
    assert_eq!(retry_after_ms, 200);
    assert_eq!((pool.status().waiting, pool.status().refused), (3, 1));
    pool.pool.start().unwrap();
    for future in admitted {
        assert!(future.await.is_ok());
    }
    assert!(pool.hash("w", password("x"), SALT).await.is_ok());
    assert_eq!(pool.status().hashed, 4);
    assert!(pool.status().mean_us < 50_000);
}

#[tokio::test]
async fn a_flood_delays_nobody_else_and_pays_for_its_own_overflow() {
    let pool = stopped(4).await;
    let ask = async |who: &'static str, number: usize| {
        let outcome = pool.hash(who, password("x"), SALT).await;
        (who, number, outcome.is_ok())
    };
    let mut asked: Vec<_> = (0..5)
        .map(|number| Box::pin(ask("flood", number)))
        .collect();
    for future in &mut asked {
        begin(future).await;
    }
    for number in 0..2 {
        let mut quiet = Box::pin(ask("quiet", number));
        begin(&mut quiet).await;
        asked.push(quiet);
    }
    let mut done: FuturesUnordered<_> = asked.into_iter().collect();
    let mut refused = Vec::new();
    for _ in 0..2 {
        let (who, number, is_ok) = done.next().await.unwrap();
        assert!(!is_ok);
        refused.push((who, number));
    }
    assert_eq!(refused, [("flood", 3), ("flood", 4)]);
    // All of them wait here before the first is served: they come out in the order they are served in.
    begin(&mut done.next()).await;
    pool.pool.start().unwrap();
    let served: Vec<_> = done
        .map(|(who, number, is_ok)| {
            assert!(is_ok);
            (who, number)
        })
        .collect()
        .await;
    // Both of the quiet one are among the first four.
    let expected = [
        ("flood", 0),
        ("quiet", 0),
        ("flood", 1),
        ("quiet", 1),
        ("flood", 2),
    ];
    assert_eq!(served, expected);
}

#[tokio::test]
async fn whoever_goes_away_is_not_hashed_for_and_makes_room() {
    let pool = stopped(1).await;
    let mut gone: Vec<_> = (0..2)
        .map(|_| Box::pin(pool.hash("w", password("x"), SALT)))
        .collect();
    for future in &mut gone {
        begin(future).await;
    }
    drop(gone);
    let mut kept: Vec<_> = (0..2)
        .map(|_| Box::pin(pool.hash("w", password("x"), SALT)))
        .collect();
    for future in &mut kept {
        begin(future).await;
    }
    drop(kept.pop());
    pool.pool.start().unwrap();
    assert!(kept.remove(0).await.is_ok());
    assert!(pool.hash("w", password("x"), SALT).await.is_ok());
    let status = pool.status();
    assert_eq!((status.hashed, status.refused, status.waiting), (2, 0, 0));
}

#[tokio::test]
async fn many_at_once_are_all_hashed_right() {
    let config = Passwords {
        workers: 3,
        queue: 100,
        ..CHEAP
    };
    let pool = pool(&config).await;
    let expected = pool.hash("w", password("x"), SALT).await.unwrap();
    let hashes = (0..64).map(|number| {
        let who = ["a", "b", "c"][number % 3];
        pool.hash(who, password("x"), SALT)
    });
    for hash in futures::future::join_all(hashes).await {
        assert_eq!(hash.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_pool_that_makes_no_sense_is_refused() {
    let config = Passwords {
        iterations: 0,
        ..CHEAP
    };
    let refused = HashPool::new(&config, ring().await);
    assert!(matches!(refused, Err(HashPoolError::Cost(_))));
}

#[tokio::test]
async fn debug_shows_no_password() {
    let pool = stopped(4).await;
    let mut waiting = Box::pin(pool.hash("w", password("hunter2"), SALT));
    begin(&mut waiting).await;
    assert!(!format!("{pool:?}").contains("hunter2"));
}

#[tokio::test]
async fn every_future_may_move_between_threads() {
    fn check<T: Send>(future: T) {
        drop(future);
    }
    let pool = stopped(4).await;
    check(pool.hash("w", password("x"), SALT));
    check(pool.verify("w", password("x"), ""));
    check(pool.decoy("w", password("x")));
}
