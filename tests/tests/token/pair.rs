//! What the tests of this suite share: a host, pairs of tokens, and many messages at once.

use std::future::Future;
use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};
use vestibule::error::Failure;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

/// How many messages are sent at once.
pub(crate) const MANY: usize = 64;

pub(crate) async fn host() -> Arc<Harness> {
    Arc::new(harness::on(Backend::Sqlite).with_bundle().start().await)
}

/// An access token and the refresh token that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Pair {
    pub(crate) fn of(reply: &Value) -> Self {
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

pub(crate) async fn issue(host: &Harness, id: &str) -> Pair {
    Pair::of(&host.ok("token", "generate-tokens", json!({"id": id})).await)
}

pub(crate) async fn refresh(host: &Harness, token: &str) -> Result<Pair, Failure> {
    let answer = host
        .send("token", "refresh-tokens", json!({"refresh_token": token}))
        .await;
    answer.map(|reply| Pair::of(&reply.unwrap()))
}

pub(crate) async fn is_valid(host: &Harness, access: &str) -> bool {
    let reply = host
        .ok("token", "verify-token", json!({"access_token": access}))
        .await;
    reply["valid"] == true
}

pub(crate) async fn blacklist(host: &Harness, pair: &Pair) {
    let request = json!({"refresh_token": pair.refresh, "access_token": pair.access});
    host.ok("token", "blacklist-tokens", request).await;
}

/// Starts `count` tasks at once and waits for all of them.
pub(crate) async fn at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|n| tokio::spawn(task(n))).collect();
    join_all(tasks)
        .await
        .into_iter()
        .map(|done| done.unwrap())
        .collect()
}
