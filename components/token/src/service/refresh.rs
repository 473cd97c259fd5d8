//! Rotating refresh tokens.

use super::{Service, SessionTokens, Tokens};
use crate::error::Error;
use crate::family::{Family, Presented};
use crate::id::Id;
use crate::ports::{Outcome, Ports};

/// A session that goes on.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshedSession {
    /// Whose it is.
    pub id: String,
    /// Its tokens.
    pub session: SessionTokens,
}

impl<P: Ports> Service<'_, P> {
    /// Rotates a refresh token.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for whatever is not a living family's newest token, or the one before within the
    /// grace. A used one ends its family. What we did not issue leaves no trace: a stranger could fill the record with it.
    pub fn refresh_tokens(&self, refresh_token: &str) -> Result<Tokens, Error> {
        let (id, family) = self.refreshed(refresh_token)?;
        Ok(self.tokens(id, &family))
    }

    /// Rotates a refresh token, and says whose session it is and until when its tokens are good.
    ///
    /// # Errors
    /// As [`refresh_tokens`](Self::refresh_tokens).
    pub fn refresh_session(&self, refresh_token: &str) -> Result<RefreshedSession, Error> {
        let (id, family) = self.refreshed(refresh_token)?;
        let session = self.session_tokens(id, &family);
        let id = family.subject;
        Ok(RefreshedSession { id, session })
    }

    /// The family of a refresh token, as it is after its use.
    fn refreshed(&self, refresh_token: &str) -> Result<(Id, Family), Error> {
        let token = self.genuine(refresh_token).ok_or(Error::Unauthenticated)?;
        let Some(mut family) = self.sessions().find(token.family) else {
            let session = token.family.to_string();
            let detail = [("session", session.as_str()), ("reason", "ended")];
            self.ports
                .record("token-refresh", Outcome::Denied, None, &detail);
            return Err(Error::Unauthenticated);
        };
        let (settings, now) = (self.settings(), self.ports.now());
        let rotated = match family.presented(token.generation, now, settings.refresh_grace()) {
            Presented::Newest => {
                family.rotate(now, &settings);
                self.sessions().save(token.family, &family);
                "true"
            }
            Presented::Previous => "false",
            Presented::Replayed => {
                self.end_replayed(token.family, &family);
                return Err(Error::Unauthenticated);
            }
        };
        let detail = [
            ("session", token.family.to_string()),
            ("rotated", rotated.to_owned()),
        ];
        self.succeed("token-refresh", &family.subject, &detail);
        Ok((token.family, family))
    }

    /// Somebody has a copy of a token that was used up. Who, the thief or its owner, cannot be told, so both lose the
    /// session (RFC 9700 §4.14.2), and it stays lost although the answer is an error.
    fn end_replayed(&self, id: Id, family: &Family) {
        self.sessions().end(id, family);
        let payload = serde_json::json!({"subject": family.subject, "session_id": id.to_string(), "at": self.ports.now()});
        let subject = Some(family.subject.as_str());
        self.ports
            .publish("token-family-reused", &payload.to_string(), subject);
        let detail = [("session", &*id.to_string())];
        self.ports
            .record("token-reuse", Outcome::Denied, subject, &detail);
        // Last: what is kept is what happened before.
        self.ports.keep();
    }
}
