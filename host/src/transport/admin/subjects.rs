//! `/admin/subjects/{id}`: people's data.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{Response, StatusCode};

use super::Admin;
use super::named::Named;
use crate::subjects::Administrator;
use crate::transport::reply::{Refusal, json};

/// `GET /admin/subjects/{id}`
pub(super) async fn export(
    State(admin): State<Arc<Admin>>,
    Extension(by): Extension<Administrator>,
    Named(id): Named,
) -> Result<Response<Body>, Refusal> {
    let export = admin.administration.export_subject(&id, &by).await?;
    Ok(json(StatusCode::OK, &export))
}

/// `DELETE /admin/subjects/{id}`
pub(super) async fn forget(
    State(admin): State<Arc<Admin>>,
    Extension(by): Extension<Administrator>,
    Named(id): Named,
) -> Result<Response<Body>, Refusal> {
    let forgotten = admin.administration.forget_subject(&id, &by).await?;
    Ok(json(StatusCode::OK, &forgotten))
}
