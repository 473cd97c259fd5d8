//! What an operator can ask of this server.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use vestibule::Host;
use vestibule::audit::{AuditPage, AuditQuery};
use vestibule::backup::{BackupError, write_backup, write_backup_with_root_key};
use vestibule::builds::{DeployOptions, Deployed, RollbackOptions};
use vestibule::config::RootKeySource;
use vestibule::data_folder::DataPaths;
use vestibule::error::{Code, Failure, Violation};
use vestibule::host::{BuildInfo, DeploymentInfo, DeploymentState};
use vestibule::keyring::{KeySummary, RootKey, Rotation, RotationError};
use vestibule::outbox::{MailPage, MailQuery, MailSummary, MailView, RetryError};
use vestibule::planes::bearer;
use vestibule::service_keys::{NewServiceKey, ServiceKey, ServiceKeyError};
use vestibule::store::sqlite::SqliteStore;
use vestibule::subjects::{Administrator, Forgotten, SubjectExport};
use vestibule::transport::Service as _;
use vestibule::transport::admin::{
    Administration, BackupRequest, Finding, FindingState, KeyCreated, KeyRequest, Rotated,
    RotationRequest,
};

/// What backups that are on their way are called, in the cache folder.
const DRAFT: &str = "backup-";

/// The server as its operator sees it.
pub(super) struct Operator {
    host: Host,
    store: Arc<SqliteStore>,
    paths: DataPaths,
    root_key: RootKeySource,
}

impl Operator {
    pub(super) fn new(
        host: Host,
        store: Arc<SqliteStore>,
        paths: DataPaths,
        root_key: RootKeySource,
    ) -> Self {
        Self {
            host,
            store,
            paths,
            root_key,
        }
    }

    async fn write(&self, path: &Path, with_root_key: bool) -> Result<(), Failure> {
        let written = if with_root_key {
            let (source, data) = (self.root_key.clone(), self.paths.root().to_owned());
            let loaded = tokio::task::spawn_blocking(move || RootKey::load(&source, &data)).await;
            let key = loaded
                .map_err(|cause| Failure::unknown().because(cause))?
                .map_err(|cause| {
                    let message = "the root key cannot be read now; the log knows why";
                    Failure::new(Code::Unavailable, message).because(cause)
                })?;
            write_backup_with_root_key(&self.store, path, &key).await
        } else {
            write_backup(&self.store, path, None).await
        };
        written.map_err(|cause| {
            tracing::error!(%cause, "a backup could not be made");
            let message = match cause {
                BackupError::Unwritable { .. } => {
                    "the copy could not be written to the data folder: is its disk full?"
                }
                _ => "the database could not be copied; the log knows why",
            };
            Failure::new(Code::Unavailable, message).because(cause)
        })
    }
}

/// Removes copies that an earlier server was making when it ended.
pub(super) fn remove_drafts(paths: &DataPaths) {
    let entries = std::fs::read_dir(paths.cache()).into_iter().flatten();
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(DRAFT)
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!(%error, "half a backup could not be removed");
        }
    }
}

#[async_trait]
impl Administration for Operator {
    async fn authorize(&self, authorization: Option<&str>) -> Result<String, Failure> {
        let missing = "this needs a service key with the scope `admin`, such as the operator key";
        let authorization =
            authorization.ok_or_else(|| Failure::new(Code::Unauthenticated, missing))?;
        let found = match bearer(authorization) {
            Some(token) => self.host.service_keys().find(token).await,
            None => Ok(None),
        };
        let key = found.map_err(|cause| Failure::unavailable(1_000).because(cause))?;
        match key {
            None => Err(Failure::new(
                Code::Unauthenticated,
                "the credential is not valid",
            )),
            Some(key) if key.may_administer() => Ok(key.id),
            Some(_) => Err(Failure::new(Code::AccessDenied, missing)),
        }
    }

    fn metrics_text(&self) -> String {
        self.host.metrics_text()
    }

    fn components(&self) -> Vec<DeploymentInfo> {
        self.host.deployments()
    }

    async fn builds(&self, channel: &str) -> Result<Vec<BuildInfo>, Failure> {
        Ok(self.host.stored_builds(channel).await?)
    }

    fn max_build_bytes(&self) -> usize {
        self.host.config().deploy.max_bytes
    }

    async fn deploy(
        &self,
        channel: &str,
        build: Vec<u8>,
        options: DeployOptions,
    ) -> Result<Deployed, Failure> {
        Ok(self.host.deploy(channel, build, options).await?)
    }

    async fn roll_back(
        &self,
        channel: &str,
        options: RollbackOptions,
    ) -> Result<Deployed, Failure> {
        Ok(self.host.rollback(channel, options).await?)
    }

    async fn keys(&self) -> Result<Vec<ServiceKey>, Failure> {
        self.host.service_keys().list().await.map_err(key_failure)
    }

    async fn create_key(&self, wanted: KeyRequest) -> Result<KeyCreated, Failure> {
        let now = self.host.clock().now();
        let wanted = NewServiceKey {
            name: wanted.name,
            scopes: wanted.scopes,
            act_as: wanted.act_as,
            expires_at: wanted.expires_in_ms.map(|span| now.saturating_add(span)),
        };
        let created = self.host.service_keys().create(wanted).await;
        let (key, token) = created.map_err(key_failure)?;
        tracing::info!(key = key.id, "a service key was made");
        let token = token.expose().to_owned();
        Ok(KeyCreated { key, token })
    }

    async fn revoke_key(&self, id: &str) -> Result<ServiceKey, Failure> {
        let revoked = self.host.service_keys().revoke(id).await;
        let key = revoked.map_err(key_failure)?;
        tracing::info!(key = key.id, "a service key was revoked");
        Ok(key)
    }

    fn signing_keys(&self) -> Vec<KeySummary> {
        self.host.keyring().list()
    }

    async fn rotate_signing_key(&self, request: RotationRequest) -> Result<Rotated, Failure> {
        let rotation = Rotation {
            force: request.force,
            ..Rotation::default()
        };
        let rotated = self.host.keyring().rotate_signing(&rotation).await;
        let current = rotated.map_err(|cause| match cause {
            RotationError::TooSoon { wait_ms, .. } => {
                let mut failure = Failure::new(Code::Conflict, cause.to_string());
                failure.retry_after_ms = Some(wait_ms);
                failure
            }
            RotationError::Raced => Failure::new(Code::Conflict, cause.to_string()),
            RotationError::Ring(cause) => Failure::unavailable(1_000).because(cause),
        })?;
        tracing::info!(key = current, "the signing key was rotated");
        Ok(Rotated { current })
    }

    async fn mails(&self, query: MailQuery) -> Result<MailPage, Failure> {
        let found = self.host.mails().list(&query).await;
        found.map_err(|cause| Failure::unavailable(1_000).because(cause))
    }

    async fn mail(&self, id: &str) -> Result<MailView, Failure> {
        let found = self.host.mails().find(id).await;
        let found = found.map_err(|cause| Failure::unavailable(1_000).because(cause))?;
        let mail = found.ok_or_else(|| mail_failure(RetryError::NotFound))?;
        if mail.text.is_some() {
            // Its words may let whoever reads them in.
            tracing::info!(mail = id, "a mail was shown to an operator");
        }
        Ok(mail)
    }

    async fn retry_mail(&self, id: &str) -> Result<MailSummary, Failure> {
        let queued = self.host.mails().retry(id).await.map_err(mail_failure)?;
        tracing::info!(mail = id, "a mail is tried again, as an operator asked");
        Ok(queued)
    }

    async fn backup(&self, request: BackupRequest) -> Result<tokio::fs::File, Failure> {
        let name = format!("{DRAFT}{}.db", uuid::Uuid::now_v7());
        let path = self.paths.cache().join(name);
        self.write(&path, request.with_root_key).await?;
        let file = tokio::fs::File::open(&path).await;
        // Without a name nobody finds it, and it is gone once it is sent.
        let removed = tokio::fs::remove_file(&path).await;
        tracing::info!(with_root_key = request.with_root_key, "a backup was made");
        let file = file.and_then(|file| removed.map(|()| file));
        file.map_err(|cause| Failure::unknown().because(cause))
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, Failure> {
        let page = self.host.audit_log().read(&query).await;
        page.map_err(|cause| Failure::unavailable(1_000).because(cause))
    }

    async fn export_subject(&self, id: &str, by: &Administrator) -> Result<SubjectExport, Failure> {
        let export = self.host.subjects().export(id, by).await?;
        tracing::info!(entries = export.entries.len(), "a subject was exported");
        Ok(export)
    }

    async fn forget_subject(&self, id: &str, by: &Administrator) -> Result<Forgotten, Failure> {
        let forgotten = self.host.subjects().forget(id, by).await?;
        tracing::info!(entries = forgotten.entries, "a subject was forgotten");
        Ok(forgotten)
    }

    async fn doctor(&self) -> Vec<Finding> {
        let database = match self.store.check().await {
            Ok(()) => finding(
                "database",
                FindingState::Ok,
                "every page and index is whole",
            ),
            Err(error) => finding(
                "database",
                FindingState::Problem,
                format!("{error}: keep the file, and restore a backup into an empty data folder"),
            ),
        };
        let ready = match self.host.ready().await {
            Ok(()) => finding("server", FindingState::Ok, "it serves"),
            Err(cause) => finding(
                "server",
                FindingState::Problem,
                format!("it is not ready: {cause}"),
            ),
        };
        let keys = match self.host.keyring().reload().await {
            Ok(()) => finding("key ring", FindingState::Ok, "the root key opens it"),
            Err(error) => finding("key ring", FindingState::Problem, error.to_string()),
        };
        let components = components(&self.host.deployments());
        let mail = match (self.host.mail_outage(), &self.host.config().mail.server) {
            (Some(reason), _) => finding(
                "mail",
                FindingState::Problem,
                format!("the mail server {reason}: mails wait; check [mail]"),
            ),
            (None, Some(_)) => finding("mail", FindingState::Ok, "it is handed to the server"),
            (None, None) => finding(
                "mail",
                FindingState::Ok,
                "no server is configured: it is captured, see `vestibule mail list`",
            ),
        };
        vec![ready, database, keys, components, mail]
    }
}

fn components(serving: &[DeploymentInfo]) -> Finding {
    let names = |behind: bool| {
        let is = move |found: &&DeploymentInfo| (found.state == DeploymentState::Behind) == behind;
        let found = serving
            .iter()
            .filter(is)
            .map(|found| found.channel.as_str());
        found.collect::<Vec<_>>().join(", ")
    };
    let check = "components";
    if serving.is_empty() {
        return finding(check, FindingState::Warning, "none serves");
    }
    let behind = names(true);
    if !behind.is_empty() {
        let detail = format!(
            "{behind}: another host deployed a build that this one could not take over; the log says why"
        );
        return finding(check, FindingState::Problem, detail);
    }
    finding(check, FindingState::Ok, names(false))
}

fn finding(check: &str, state: FindingState, detail: impl Into<String>) -> Finding {
    Finding {
        check: check.to_owned(),
        state,
        detail: detail.into(),
    }
}

fn mail_failure(error: RetryError) -> Failure {
    match error {
        RetryError::NotFound => Failure::new(Code::NotFound, error.to_string()),
        RetryError::State(_) | RetryError::Expired | RetryError::Gone => {
            Failure::new(Code::Conflict, error.to_string())
        }
        RetryError::Busy => Failure::unavailable(100).because(error),
        RetryError::Store(_) => Failure::unavailable(1_000).because(error),
    }
}

fn key_failure(error: ServiceKeyError) -> Failure {
    let at = match &error {
        ServiceKeyError::Name => "name",
        ServiceKeyError::Scopes | ServiceKeyError::Scope(_) => "scopes",
        ServiceKeyError::Expired => "expires_in_ms",
        ServiceKeyError::NotFound => return Failure::new(Code::NotFound, error.to_string()),
        ServiceKeyError::Busy => return Failure::unavailable(100).because(error),
        _ => return Failure::unavailable(1_000).because(error),
    };
    let mut failure = Failure::new(Code::ValidationFailed, "the service key cannot be made");
    failure.violations = vec![Violation::new(at, error.to_string())];
    failure
}
