//! More sign-ins than can be hashed: what does not fit is refused at once with a time to come back, what fits is served, and
//! whoever needs no hash is served as if nothing were.
//!
//! One worker holds still: it checks a password against an imported hash that costs much more than the host's own. Whether it
//! held still long enough is seen, not hoped for. As long as the check has not been answered nothing else was hashed; a round
//! in which it was answered too early shows nothing, and there is another.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, yield_now};
use vestibule::message::Answer;
use vestibule_tests::front::{Front, Reply, Who};
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use crate::world::{PASSWORD, ok, operator, stranger};

/// How many may wait for the one worker.
const QUEUE: usize = 3;

/// Ten times as many sign-ins as the worker and its queue take.
const FLOOD: usize = 10 * (1 + QUEUE);

/// Accounts whose password costs much: one is checked, one waits, so that it is seen that the worker is busy.
const SLOW: [&str; 2] = ["slow-1@example.org", "slow-2@example.org"];

/// Of a flood so many find room, beside those of [`SLOW`].
const ROOM: usize = 1 + QUEUE - SLOW.len();

/// How many rounds may show nothing.
const ROUNDS: usize = 20;

/// A hash of no password that anybody knows: 32 passes over 64 MiB, about a second of a worker's time.
const SLOW_HASH: &str = "$argon2id$v=19$m=65536,t=32,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

/// An installation with one worker and a short queue, and its public interface.
async fn small() -> (Arc<Harness>, Arc<Front>) {
    let builder = harness::on(Backend::Sqlite)
        .with_bundle()
        .configure(|config| {
            config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            config.passwords.workers = 1;
            config.passwords.queue = QUEUE;
            // What may be imported is measured by the host's own hashes.
            config.passwords.memory_kib = 64 * 1024;
            config.passwords.iterations = 32;
            config.limits.wall_ms = 10 * 60 * 1_000;
        });
    let host = Arc::new(builder.start().await);
    let slow = SLOW.map(
        |email| json!({"email": email, "password_hash": SLOW_HASH, "is_email_verified": true}),
    );
    let imported = operator(
        &host,
        "authorization",
        "import-users",
        json!({"users": slow}),
    )
    .await;
    for outcome in ok(imported)["results"].as_array().unwrap() {
        assert!(outcome["imported"].is_string(), "{outcome}");
    }
    let front = Arc::new(Front::of(&host).await);
    (host, front)
}

fn waiting(host: &Harness) -> usize {
    let metrics = host.host.metrics_text();
    let line = metrics
        .lines()
        .find(|line| line.contains("hashes_waiting") && !line.starts_with('#'));
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

/// Two slow sign-ins: the first is being checked and the second waits, if none of them has been answered.
async fn busy(host: &Arc<Harness>) -> [JoinHandle<Answer>; 2] {
    let slow = SLOW.map(|email| {
        let host = host.clone();
        let request = json!({"email": email, "password": PASSWORD});
        tokio::spawn(async move { stranger(&host, 1, "sign-in", request).await })
    });
    while waiting(host) == 0 && !slow.iter().any(JoinHandle::is_finished) {
        yield_now().await;
    }
    slow
}

/// A sign-in of somebody who is not known, from a source of their own.
async fn attempt(front: Arc<Front>, number: usize) -> Reply {
    let who = Who::stranger().from_source(number);
    let request = json!({"email": format!("p{number}@example.org"), "password": PASSWORD});
    front.post(&who, "accounts/sign-in", &request).await
}

/// Everything that was seen while the worker was busy with one hash; none if it was not for long enough.
struct Round {
    refused: Vec<Reply>,
    waiting: usize,
    verified: Value,
    /// The rest of the flood, and the slow ones.
    admitted: Vec<Reply>,
    slow: Vec<Answer>,
}

async fn round(host: &Arc<Harness>, front: &Arc<Front>) -> Option<Round> {
    let pair = host
        .ok("token", "generate-tokens", json!({"id": "somebody"}))
        .await;
    let slow = busy(host).await;
    let mut flood: FuturesUnordered<_> = (0..FLOOD)
        .map(|number| tokio::spawn(attempt(front.clone(), 100 + number)))
        .collect();
    let (mut refused, mut admitted) = (Vec::new(), Vec::new());
    while refused.len() < FLOOD - ROOM && admitted.is_empty() {
        let reply = flood.next().await.unwrap().unwrap();
        match reply.status {
            503 => refused.push(reply),
            _ => admitted.push(reply),
        }
    }
    let waiting = waiting(host);
    let verified = host
        .ok(
            "token",
            "verify-token",
            json!({"access_token": pair["access_token"]}),
        )
        .await;
    let was_busy = admitted.is_empty() && !slow.iter().any(JoinHandle::is_finished);
    // Nobody is left hanging, however the round went.
    while let Some(reply) = flood.next().await {
        admitted.push(reply.unwrap());
    }
    let mut answers = Vec::new();
    for answer in slow {
        answers.push(answer.await.unwrap());
    }
    was_busy.then_some(Round {
        refused,
        waiting,
        verified,
        admitted,
        slow: answers,
    })
}

// C05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_as_many_sign_ins_as_can_be_hashed_are_refused_but_for_those_that_fit() {
    let (host, front) = small().await;
    let mut seen = None;
    for _ in 0..ROUNDS {
        seen = round(&host, &front).await;
        if seen.is_some() {
            break;
        }
        // Failures are forgiven with time.
        host.clock.advance(60 * 60 * 1_000);
    }
    let seen = seen.expect("a round in which the worker was busy for long enough");

    // While one hash was computed, exactly the queue waited: no more memory than the one worker's was in use for hashes.
    assert_eq!(seen.waiting, QUEUE);
    assert_eq!(seen.refused.len(), FLOOD - ROOM);
    for reply in &seen.refused {
        assert_eq!((reply.status, &*reply.code()), (503, "unavailable"));
        let seconds: u64 = reply.header("retry-after").parse().unwrap();
        assert!(seconds >= 1);
        assert!(reply.json()["error"]["retry_after_ms"].as_u64().unwrap() >= 1);
    }
    let bodies: BTreeSet<String> = seen.refused.iter().map(without_time).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(
        seen.verified["valid"], true,
        "who needs no hash is served meanwhile"
    );
    // Those that fitted were served in the end.
    assert_eq!(seen.admitted.len(), ROOM);
    for reply in &seen.admitted {
        assert_eq!(reply.status, 401);
    }
    for answer in seen.slow {
        assert_eq!(answer.unwrap_err().code.as_str(), "unauthenticated");
    }
    // And now there is room again.
    assert_eq!(waiting(&host), 0);
    assert_eq!(attempt(front, 1_000).await.status, 401);
}

/// What a refusal says but for when to come back.
fn without_time(reply: &Reply) -> String {
    let mut body = reply.json();
    body["error"]["retry_after_ms"].take();
    body.to_string()
}

// C05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_keeps_no_sign_up_out() {
    let (host, front) = small().await;
    let mut shown = false;
    for _ in 0..ROUNDS {
        shown = sign_up_beside_a_flood(&host, &front).await;
        if shown {
            break;
        }
        host.clock.advance(60 * 60 * 1_000);
    }
    assert!(
        shown,
        "a round in which the worker was busy for long enough"
    );
}

/// Signs somebody up while the queue is full of sign-ins: one of those gives way. False if the worker was not busy for long enough.
async fn sign_up_beside_a_flood(host: &Arc<Harness>, front: &Arc<Front>) -> bool {
    let slow = busy(host).await;
    let mut flood: FuturesUnordered<_> = (0..FLOOD)
        .map(|number| tokio::spawn(attempt(front.clone(), 100 + number)))
        .collect();
    let mut refused = 0;
    while refused < FLOOD - ROOM {
        match flood.next().await.unwrap().unwrap().status {
            503 => refused += 1,
            _ => break,
        }
    }
    let was_full = refused == FLOOD - ROOM;
    let who = Who::stranger().from_source(1);
    let request = json!({"email": "ada@example.org", "password": PASSWORD});
    let sign_up = front.post(&who, "accounts/sign-up", &request);
    let (next, signed_up) = futures::join!(flood.next(), sign_up);
    assert_eq!(signed_up.status, 204);
    let gave_way = next.is_some_and(|reply| reply.unwrap().status == 503);
    while flood.next().await.is_some() {}
    for answer in slow {
        answer.await.unwrap().unwrap_err();
    }
    was_full && gave_way
}
