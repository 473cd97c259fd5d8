//! The operator key: a service key with every right, in a file beside the data, for whoever may read that.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{
    ATTEMPTS, NewServiceKey, Scope, ServiceKey, ServiceKeyError, ServiceKeys, ServiceToken,
    checked, hash,
};
use crate::private_file;

/// A line of 40 characters, and room for white space.
const MAX_FILE_BYTES: usize = 256;

/// What was done about the operator key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorKey {
    /// The file holds one that is good.
    Kept,
    /// A new one was made and put into the file; all earlier ones were revoked.
    Made,
}

/// Why there is no operator key.
#[derive(Debug, thiserror::Error)]
pub enum OperatorKeyError {
    /// The file could not be read or written.
    #[error("the operator key's file {} cannot be read or written", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The key could not be looked up or stored.
    #[error(transparent)]
    Key(#[from] ServiceKeyError),
}

impl ServiceKeys {
    /// Makes sure that the file at `path` (`<data>/operator.key`) holds a good operator key: one line, 0600.
    ///
    /// If it is missing, or what it holds is no operator key of this store, or one that was revoked, a new one is made, and all earlier
    /// ones are revoked, for nobody can tell who has the file that is gone. So a start after a restored backup mends the file, and the
    /// way to replace the key is to revoke it (or remove the file) and start again. Hosts that share a store share the file.
    ///
    /// # Errors
    /// [`OperatorKeyError`].
    pub async fn ensure_operator_key(&self, path: &Path) -> Result<OperatorKey, OperatorKeyError> {
        let file_error = |source| OperatorKeyError::File {
            path: path.to_owned(),
            source,
        };
        if let Some(bytes) = private_file::read(path, MAX_FILE_BYTES).map_err(file_error)?
            && self.is_operator_key(&bytes).await?
        {
            return Ok(OperatorKey::Kept);
        }
        // The store first: a crash in between leaves a key that nobody has, and the next start makes another.
        let token = self.replace_operator_key().await?;
        let mut line = Zeroizing::new(String::with_capacity(token.expose().len() + 1));
        line.push_str(token.expose());
        line.push('\n');
        private_file::write(path, line.as_bytes()).map_err(file_error)?;
        Ok(OperatorKey::Made)
    }

    async fn is_operator_key(&self, file: &[u8]) -> Result<bool, ServiceKeyError> {
        let Ok(text) = std::str::from_utf8(file) else {
            return Ok(false);
        };
        let found = self.find(text.trim()).await?;
        Ok(found.is_some_and(|key| key.operator))
    }

    /// Makes an operator key and revokes all others, in one commit.
    async fn replace_operator_key(&self) -> Result<ServiceToken, ServiceKeyError> {
        let token = ServiceToken::generate()?;
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let earlier = self
                .stored()
                .await?
                .into_iter()
                .filter(|(_, _, key)| key.operator && key.revoked_at.is_none());
            let mut changes: Vec<_> = earlier
                .map(|(at, version, mut key)| {
                    key.revoked_at = Some(now);
                    (at, Some(version), key)
                })
                .collect();
            let wanted = NewServiceKey {
                name: "operator".to_owned(),
                scopes: vec![Scope::Everything.to_string(), Scope::Admin.to_string()],
                act_as: true,
                expires_at: None,
            };
            let key = ServiceKey {
                operator: true,
                ..checked(wanted, now)?
            };
            changes.push((hash(&token), None, key));
            if self.commit(now, changes).await? {
                return Ok(token);
            }
        }
        Err(ServiceKeyError::Busy)
    }
}
