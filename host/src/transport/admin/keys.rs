//! `/admin/keys`: service keys.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

use super::named::Named;
use super::{Admin, KeyRequest, read};
use crate::transport::reply::{Refusal, json};

/// `GET /admin/keys`
pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Result<Response<Body>, Refusal> {
    let keys = admin.administration.keys().await?;
    Ok(json(StatusCode::OK, &keys))
}

/// `POST /admin/keys`: the answer holds the key, this once.
pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let wanted: KeyRequest = read(request).await?;
    let created = admin.administration.create_key(wanted).await?;
    Ok(json(StatusCode::CREATED, &created))
}

/// `DELETE /admin/keys/{id}`
pub(super) async fn revoke(
    State(admin): State<Arc<Admin>>,
    Named(id): Named,
) -> Result<Response<Body>, Refusal> {
    let revoked = admin.administration.revoke_key(&id).await?;
    Ok(json(StatusCode::OK, &revoked))
}
