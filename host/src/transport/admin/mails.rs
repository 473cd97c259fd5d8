//! `/admin/mails`: the outbox, for its operator.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode};

use super::Admin;
use crate::error::{Code, Failure, Violation};
use crate::outbox::{MailQuery, is_mail_id};
use crate::transport::reply::{Refusal, json};

/// `GET /admin/mails?state=&after=&limit=`: oldest first.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<MailQuery>, QueryRejection>,
) -> Result<Response<Body>, Refusal> {
    let wrong = |at: &str, rule: &str| Failure::bad_request(vec![Violation::new(at, rule)]);
    // The extractor's own sentence may quote the value.
    let Query(query) =
        query.map_err(|_| wrong("", "takes `state`, `after` and `limit`, each as documented"))?;
    if query.after.as_deref().is_some_and(|id| !is_mail_id(id)) {
        return Err(wrong("after", "must be the id of a mail").into());
    }
    let page = admin.administration.mails(query).await?;
    Ok(json(StatusCode::OK, &page))
}

/// `GET /admin/mails/{id}`
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Response<Body>, Refusal> {
    let mail = admin.administration.mail(known(&id)?).await?;
    Ok(json(StatusCode::OK, &mail))
}

/// `POST /admin/mails/{id}/retry`
pub(super) async fn retry(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Response<Body>, Refusal> {
    let mail = admin.administration.retry_mail(known(&id)?).await?;
    Ok(json(StatusCode::OK, &mail))
}

/// `id`, if there can be a mail of it.
fn known(id: &str) -> Result<&str, Failure> {
    match is_mail_id(id) {
        true => Ok(id),
        false => Err(Failure::new(Code::NotFound, "there is no such mail")),
    }
}
