//! An axum program of your own with Vestibule in it: one route is guarded by the access token.
//!
//! ```text
//! $ cargo run --example embed
//! $ curl -s -X POST http://127.0.0.1:3000/login/alice
//! $ curl -s -H "authorization: Bearer <access token>" http://127.0.0.1:3000/me
//! ```

use std::error::Error;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vestibule::Host;

/// What the token channel replies to `verify-token`, as far as this program looks at it.
#[derive(Deserialize)]
struct Verified {
    payload: Option<Claims>,
}

/// Whose token it is. As an extractor it guards every route that asks for it.
#[derive(Deserialize, Serialize)]
struct Claims {
    id: String,
    sid: String,
}

impl FromRequestParts<Host> for Claims {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, host: &Host) -> Result<Self, StatusCode> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(StatusCode::UNAUTHORIZED)?;
        let verified: Verified = host
            .call("token", "verify-token", &json!({"access_token": token}))
            .await
            .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        verified.payload.ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// A real program asks for a password first.
async fn login(
    State(host): State<Host>,
    Path(user): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    let tokens = host
        .call("token", "generate-tokens", &json!({"id": user}))
        .await;
    tokens
        .map(Json)
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

async fn me(claims: Claims) -> Json<Claims> {
    Json(claims)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let host = Host::builder().build().await?;
    let app = Router::new()
        .route("/login/{user}", post(login))
        .route("/me", get(me))
        .with_state(host.clone())
        // The channels for services with a key, under the same address.
        .merge(host.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
