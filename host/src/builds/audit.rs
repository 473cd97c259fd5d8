//! What operators did to the builds, on record.

use crate::audit::{AuditRecord, HOST, Retention};
use crate::clock::Timestamp;
use crate::sandbox::Digest;
use crate::store::{StoreError, Write};
use crate::subjects::Administrator;

/// Something that was done, or refused.
pub(crate) struct Act<'a> {
    /// `component-deploy`, `component-rollback`.
    pub(crate) action: &'static str,
    /// `success` or `denied`.
    pub(crate) outcome: &'static str,
    /// The channel, if there is one of that name.
    pub(crate) channel: &'a str,
    /// The build that was to serve, or that serves now.
    pub(crate) digest: Option<Digest>,
    /// The build that served before.
    pub(crate) before: Option<Digest>,
    /// Names and values beside.
    pub(crate) detail: Vec<(&'static str, String)>,
    /// Who asked.
    pub(crate) by: &'a Administrator,
}

/// The writes that put `act` on record.
///
/// # Errors
/// Never; an error keeps a mistake of ours from becoming a panic.
pub(crate) fn audited(
    act: Act<'_>,
    retention: Retention,
    at: Timestamp,
) -> Result<Vec<Write>, StoreError> {
    let message = uuid::Uuid::now_v7().to_string();
    let mut detail = vec![("channel".to_owned(), act.channel.to_owned())];
    let digests = [("digest", act.digest), ("before", act.before)];
    let digests = digests
        .into_iter()
        .filter_map(|(name, digest)| Some((name, digest?.to_string())));
    detail.extend(
        digests
            .chain(act.detail)
            .map(|(name, value)| (name.to_owned(), value)),
    );
    let record = AuditRecord {
        at,
        action: act.action.to_owned(),
        outcome: act.outcome.to_owned(),
        actor: None,
        subject: None,
        detail,
        channel: HOST.to_owned(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        via: None,
        request: message.clone(),
        message,
        plane: "administration".to_owned(),
        service_key: act.by.service_key.clone(),
        remote_address: act.by.remote_address.clone(),
    };
    let writes = retention.writes(&[record], 0);
    writes.map_err(|cause| StoreError::Corrupt(Box::new(cause)))
}
