//! Credentials that live long: API tokens, and pairs of tokens that a service made and saved.

use anyhow::{Context as _, Result};
use serde_json::json;
use uuid::Uuid;
use vestibule::Host;

use crate::people::{Person, acting, each, ok, service};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// An API token.
#[derive(Debug, Clone)]
pub(crate) struct ApiToken {
    pub(crate) uuid: String,
    pub(crate) owner: String,
    pub(crate) value: String,
}

/// A saved pair.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) owner: String,
}

/// An API token with every scope for each of `owners`, who must be verified.
pub(crate) async fn api_tokens(host: &Host, owners: &[Person]) -> Result<Vec<ApiToken>> {
    let expires_at = host.clock().now() + 300 * DAY_MS;
    each(owners, |owner| async move {
        let payload = json!({
            "metadata": {"name": "benchmark", "expires_at": expires_at},
            "permissions": {"scopes": ["*"]},
        });
        let create = acting(&owner.id, "api-tokens", "create", payload);
        let reply = ok(host, create).await?;
        let text = |name: &str| reply[name].as_str().map(str::to_owned);
        Ok(ApiToken {
            uuid: text("uuid").context("no uuid")?,
            owner: owner.id.clone(),
            value: text("value").context("no value")?,
        })
    })
    .await
}

/// `count` pairs, each in a family of its own, of `owners` in turn.
pub(crate) async fn pairs(host: &Host, owners: &[Person], count: usize) -> Result<Vec<Pair>> {
    let expires_at = host.clock().now() + DAY_MS;
    each(0..count, |number| async move {
        let pair = Pair {
            access: format!("at-{}", Uuid::now_v7()),
            refresh: format!("rt-{}", Uuid::now_v7()),
            owner: owners[number % owners.len()].id.clone(),
        };
        let payload = json!({
            "access_token": pair.access,
            "access_token_expires_at": expires_at,
            "refresh_token": pair.refresh,
            "refresh_token_expires_at": expires_at,
            "user": {"id": pair.owner},
        });
        ok(host, service("authorization", "save-token", payload)).await?;
        Ok(pair)
    })
    .await
}
