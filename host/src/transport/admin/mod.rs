//! The administration interface: what the command line needs of a running server, and the metrics.
//!
//! It has a listener of its own, on the loopback address unless configured otherwise. `/admin/*` needs a service key with
//! the scope `admin`. `/metrics` needs none, for it names no person and no key; nor does `/openapi.json`, which describes all of it
//! and nothing of the installation; nor the page `/mails`, which is empty until its reader gives it a key to ask with. Requests that name another host than the listener's address are refused, so that a
//! web page cannot reach it through a name of its own that leads here (DNS rebinding).

mod audit;
mod components;
mod host_header;
mod keys;
mod mails;
mod named;
mod openapi;
mod subjects;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Semaphore;

use self::host_header::names_listener;
use super::reply::{Refusal, json};
use super::{pages, request};
use crate::audit::{AuditPage, AuditQuery};
use crate::builds::{DeployOptions, Deployed, RollbackOptions};
use crate::error::{Code, Failure, Violation};
use crate::host::{BuildInfo, DeploymentInfo};
use crate::keyring::KeySummary;
use crate::outbox::{MailPage, MailQuery, MailSummary, MailView};
use crate::service_keys::ServiceKey;
use crate::subjects::{Administrator, Forgotten, SubjectExport};
use crate::telemetry;

/// The largest request, in bytes: a key with 64 scopes has eight thousand.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a backup is sent at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What the administration interface needs of a server.
#[async_trait]
pub trait Administration: Send + Sync + 'static {
    /// The id of the service key in this `Authorization` header, if whoever presents it may administer.
    ///
    /// # Errors
    /// `unauthenticated` without a good key, `access-denied` for one without the scope.
    async fn authorize(&self, authorization: Option<&str>) -> Result<String, Failure>;

    /// All metrics ([`telemetry::CONTENT_TYPE`]).
    fn metrics_text(&self) -> String;

    /// The builds that serve.
    fn components(&self) -> Vec<DeploymentInfo>;

    /// The builds of `channel` whose bytes are stored.
    ///
    /// # Errors
    /// `not-found` for a channel that is not served, `unavailable` when they cannot be read.
    async fn builds(&self, channel: &str) -> Result<Vec<BuildInfo>, Failure>;

    /// The largest build that may be deployed, in bytes.
    fn max_build_bytes(&self) -> usize;

    /// Serves `channel` by `build` from now on.
    ///
    /// # Errors
    /// `validation-failed` with every problem of the build, `conflict` for who was slower, `not-found` for a channel that is not
    /// served, `unavailable` when it cannot be stored.
    async fn deploy(
        &self,
        channel: &str,
        build: Vec<u8>,
        options: DeployOptions,
    ) -> Result<Deployed, Failure>;

    /// Goes back to the build that served `channel` before.
    ///
    /// # Errors
    /// As [`Administration::deploy`]; `conflict` also if there is none.
    async fn roll_back(&self, channel: &str, options: RollbackOptions)
    -> Result<Deployed, Failure>;

    /// All service keys.
    ///
    /// # Errors
    /// `unavailable` when they cannot be read.
    async fn keys(&self) -> Result<Vec<ServiceKey>, Failure>;

    /// Makes a service key.
    ///
    /// # Errors
    /// `validation-failed` for what is wrong with `wanted`.
    async fn create_key(&self, wanted: KeyRequest) -> Result<KeyCreated, Failure>;

    /// Revokes the service key `id`.
    ///
    /// # Errors
    /// `not-found`.
    async fn revoke_key(&self, id: &str) -> Result<ServiceKey, Failure>;

    /// The key ring.
    fn signing_keys(&self) -> Vec<KeySummary>;

    /// Puts the next signing key into use.
    ///
    /// # Errors
    /// `conflict` when it is too new, unless forced.
    async fn rotate_signing_key(&self, request: RotationRequest) -> Result<Rotated, Failure>;

    /// The mails that `query` asks for.
    ///
    /// # Errors
    /// `unavailable` when they cannot be read.
    async fn mails(&self, query: MailQuery) -> Result<MailPage, Failure>;

    /// The mail `id`, with its words if they are kept.
    ///
    /// # Errors
    /// `not-found`.
    async fn mail(&self, id: &str) -> Result<MailView, Failure>;

    /// Tries the mail `id` again, at once.
    ///
    /// # Errors
    /// `not-found`; `conflict` for one that cannot be delivered any more, or was.
    async fn retry_mail(&self, id: &str) -> Result<MailSummary, Failure>;

    /// A consistent copy of the store, in a file that nobody else can find.
    ///
    /// # Errors
    /// When it could not be made.
    async fn backup(&self, request: BackupRequest) -> Result<tokio::fs::File, Failure>;

    /// Audit records.
    ///
    /// # Errors
    /// `unavailable` when they cannot be read.
    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, Failure>;

    /// Everything stored about the subject `id`.
    ///
    /// # Errors
    /// As for [`crate::subjects::Subjects::export`].
    async fn export_subject(&self, id: &str, by: &Administrator) -> Result<SubjectExport, Failure>;

    /// Removes everything stored about the subject `id`.
    ///
    /// # Errors
    /// As for [`crate::subjects::Subjects::forget`].
    async fn forget_subject(&self, id: &str, by: &Administrator) -> Result<Forgotten, Failure>;

    /// What is well and what is not.
    async fn doctor(&self) -> Vec<Finding>;
}

/// `POST /admin/keys`: a service key to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What the operator calls it.
    pub name: String,
    /// What it may do: `channel/command`, `channel/*`, `*`, `admin`.
    pub scopes: Vec<String>,
    /// Whether it may name the user it acts for.
    #[serde(default)]
    pub act_as: bool,
    /// In how many milliseconds it expires; never, if none.
    #[serde(default)]
    pub expires_in_ms: Option<u64>,
}

/// A service key that was made.
#[derive(Serialize)]
pub struct KeyCreated {
    /// What is known of it.
    #[serde(flatten)]
    pub key: ServiceKey,
    /// The key itself, which is shown this once.
    pub token: String,
}

/// `POST /admin/signing-keys/rotate`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RotationRequest {
    /// Rotate although not everybody knows the next key yet.
    pub force: bool,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    /// The name of the key that signs now.
    pub current: String,
}

/// `POST /admin/backup`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupRequest {
    /// Whether the root key is to be in it.
    pub with_root_key: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What: `database`.
    pub check: String,
    /// How it is.
    pub state: FindingState,
    /// A sentence; what to do, if it is not well.
    pub detail: String,
}

/// How something is that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// Well.
    Ok,
    /// It works and could be better.
    Warning,
    /// It does not work.
    Problem,
}

struct Admin {
    administration: Arc<dyn Administration>,
    listen: SocketAddr,
    /// Who may hold a build in memory: one after the other.
    upload: Semaphore,
}

/// The administration router. `listen` is the address it is served on, ports resolved.
pub fn router(administration: Arc<dyn Administration>, listen: SocketAddr) -> axum::Router {
    let admin = Arc::new(Admin {
        administration,
        listen,
        upload: Semaphore::new(1),
    });
    let guarded = axum::Router::new()
        .route("/admin/components", get(components::list))
        .route(
            "/admin/components/{channel}",
            get(components::show).put(components::deploy),
        )
        .route(
            "/admin/components/{channel}/builds",
            get(components::builds),
        )
        .route(
            "/admin/components/{channel}/rollback",
            post(components::roll_back),
        )
        .route("/admin/keys", get(keys::list).post(keys::create))
        .route("/admin/keys/{id}", delete(keys::revoke))
        .route("/admin/signing-keys", get(signing_keys))
        .route("/admin/signing-keys/rotate", post(rotate))
        .route("/admin/mails", get(mails::list))
        .route("/admin/mails/{id}", get(mails::show))
        .route("/admin/mails/{id}/retry", post(mails::retry))
        .route("/admin/backup", post(backup))
        .route("/admin/audit", get(audit::list))
        .route(
            "/admin/subjects/{id}",
            get(subjects::export).delete(subjects::forget),
        )
        .route("/admin/doctor", get(doctor))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(admin.clone(), authorize));
    axum::Router::new()
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi::document))
        .merge(pages::of_operator())
        .method_not_allowed_fallback(method_not_allowed)
        .merge(guarded)
        .layer(middleware::from_fn_with_state(admin.clone(), check_host))
        .with_state(admin)
}

/// Runs before everything else on this listener.
async fn check_host(
    State(admin): State<Arc<Admin>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let mut response = if names_listener(&request, admin.listen) {
        next.run(request).await
    } else {
        let message =
            "this request names another host: use the address the administration listens on";
        Refusal::with_status(StatusCode::MISDIRECTED_REQUEST, message).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

async fn authorize(
    State(admin): State<Arc<Admin>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let presented = request.headers().contains_key(header::AUTHORIZATION);
    let authorized = match request::single(request.headers(), &header::AUTHORIZATION) {
        Ok(authorization) => admin.administration.authorize(authorization).await,
        Err(_) => Err(Failure::new(
            Code::Unauthenticated,
            "the credential is not valid",
        )),
    };
    match authorized {
        Ok(key) => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            let by = Administrator {
                service_key: Some(key),
                remote_address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
            };
            request.extensions_mut().insert(by);
            next.run(request).await
        }
        Err(failure) => Refusal::of_credential(failure, presented).into_response(),
    }
}

async fn metrics(State(admin): State<Arc<Admin>>) -> Response<Body> {
    let text = admin.administration.metrics_text();
    ([(header::CONTENT_TYPE, telemetry::CONTENT_TYPE)], text).into_response()
}

async fn signing_keys(State(admin): State<Arc<Admin>>) -> Response<Body> {
    json(StatusCode::OK, &admin.administration.signing_keys())
}

async fn rotate(
    State(admin): State<Arc<Admin>>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let wanted: RotationRequest = read(request).await?;
    let rotated = admin.administration.rotate_signing_key(wanted).await?;
    Ok(json(StatusCode::OK, &rotated))
}

async fn backup(
    State(admin): State<Arc<Admin>>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let wanted: BackupRequest = read(request).await?;
    let file = admin.administration.backup(wanted).await?;
    let length = file.metadata().await.map(|metadata| metadata.len());
    let length = length.map_err(|cause| Failure::unknown().because(cause))?;
    let chunks = futures::stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
    });
    let mut response = Body::from_stream(chunks.into_stream()).into_response();
    let headers = response.headers_mut();
    // With it, a client can tell a backup that was cut.
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.sqlite3"),
    );
    Ok(response)
}

async fn doctor(State(admin): State<Arc<Admin>>) -> Response<Body> {
    json(StatusCode::OK, &admin.administration.doctor().await)
}

async fn not_found() -> Response<Body> {
    Refusal::from(Failure::new(
        Code::NotFound,
        "there is no such path on the administration interface",
    ))
    .into_response()
}

async fn method_not_allowed() -> Response<Body> {
    let message = "this path does not take this method";
    Refusal::with_status(StatusCode::METHOD_NOT_ALLOWED, message).into_response()
}

/// The request's JSON as a `T`; an empty body is an empty object.
async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let (parts, body) = request.into_parts();
    let bytes = request::body(&parts.headers, body, MAX_BODY_BYTES, BODY_TIMEOUT).await?;
    let text: &[u8] = match bytes.is_empty() {
        true => b"{}",
        false => &bytes,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut json);
    let value = read.map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path.chars().take(64).collect(),
        };
        // serde's own sentence may quote the value.
        let rule = "is missing, unknown or of the wrong type";
        Failure::bad_request(vec![Violation::new(path, rule)])
    })?;
    json.end().map_err(|_| {
        Failure::bad_request(vec![Violation::new(
            "",
            "there is something after the JSON",
        )])
    })?;
    Ok(value)
}
