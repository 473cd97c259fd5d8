//! Seeing sessions, and ending them.

use super::Service;
use crate::access_token;
use crate::error::Error;
use crate::family::Family;
use crate::id::Id;
use crate::ports::{Message, Outcome, Ports};
use crate::settings::MAX_SESSIONS;
use crate::subject;

/// One session of a subject. Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of its access tokens.
    pub session_id: String,
    /// When it began.
    pub created_at: u64,
    /// When its tokens were last rotated.
    pub refreshed_at: u64,
    /// When it ends if it is not used again.
    pub idle_expires_at: u64,
    /// When it ends in any case.
    pub expires_at: u64,
}

impl<P: Ports> Service<'_, P> {
    /// Ends the family of the refresh token and denies the access token until it expires. Only tokens that we issued
    /// have an effect; anything else has none.
    pub fn blacklist_tokens(&self, refresh_token: &str, access_token: &str) {
        let presented = self.genuine(refresh_token);
        let living =
            presented.and_then(|token| Some((token.family, self.sessions().find(token.family)?)));
        if let Some((id, family)) = living {
            self.end(id, &family, "blacklist");
        }
        let Some(claims) = access_token::verify::<P::Signing>(access_token) else {
            return;
        };
        if self.ports.now() < claims.dead_from() {
            self.sessions()
                .deny(&claims.jti, claims.dead_from(), &claims.sub);
            self.succeed("token-deny", &claims.sub, &[("jti", claims.jti.clone())]);
        }
    }

    /// The living sessions of `id`, oldest first. Of more than 1 000 the newest, and access-only ones after the others:
    /// nobody hides a session behind a crowd of them.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `id` cannot be a subject; [`Error::AccessDenied`] if the message does not act for
    /// `id`, unless a service asks from outside.
    pub fn list_sessions(&self, id: &str) -> Result<Vec<Session>, Error> {
        self.check(id, "session-list", Message::may_manage)?;
        let mut families = self.sessions().of(id);
        let mut surplus = families.len().saturating_sub(MAX_SESSIONS);
        families.retain(|(_, family)| {
            let stays = surplus == 0 || !family.access_only;
            surplus -= usize::from(!stays);
            stays
        });
        let newest = families.into_iter().skip(surplus);
        Ok(newest.map(Session::from).collect())
    }

    /// Ends one session of `id`. If there is none of that name, or it is another's, nothing happens.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions).
    pub fn end_session(&self, id: &str, session_id: &str) -> Result<(), Error> {
        self.check(id, "session-end", Message::may_manage)?;
        let found = Id::parse(session_id)
            .and_then(|session| Some((session, self.sessions().find(session)?)));
        match found {
            Some((session, family)) if family.subject == id => {
                self.end(session, &family, "end-session")
            }
            Some((session, _)) => {
                let detail = [
                    ("session", &*session.to_string()),
                    ("reason", "not-the-owner"),
                ];
                self.ports
                    .record("session-end", Outcome::Denied, Some(id), &detail);
            }
            None => {}
        }
        Ok(())
    }

    /// Ends all sessions of the subject that this message acts for, and with them every access token of theirs issued up
    /// to now.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] if it acts for nobody.
    pub fn end_all_sessions(&self) -> Result<(), Error> {
        let message = self.ports.message();
        let Some(subject) = message.subject() else {
            return Err(self.deny("subject-revoke", None, "not-established"));
        };
        self.end_all(subject, None);
        Ok(())
    }

    /// Ends all sessions of `id` but `except_session`, and with them every access token of theirs issued up to now. What is
    /// no session of `id` excepts nothing.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `id` cannot be a subject; [`Error::AccessDenied`] from outside as for
    /// [`list_sessions`](Self::list_sessions). A component that was granted the command may end anybody's.
    pub fn revoke_subject(&self, id: &str, except_session: Option<&str>) -> Result<(), Error> {
        self.check(id, "subject-revoke", Message::may_revoke)?;
        self.end_all(id, except_session.and_then(Id::parse));
        Ok(())
    }

    /// Refuses an `id` that cannot be a subject, and a message that may not do this to its sessions.
    fn check(
        &self,
        id: &str,
        action: &str,
        may: impl FnOnce(&Message, &str) -> bool,
    ) -> Result<(), Error> {
        subject::check(id)?;
        if may(&self.ports.message(), id) {
            return Ok(());
        }
        Err(self.deny(action, Some(id), "not-the-subject"))
    }

    fn end_all(&self, subject: &str, except: Option<Id>) {
        let ended = self.sessions().end_all(subject, except);
        let detail = [("sessions", ended.to_string())];
        self.succeed("subject-revoke", subject, &detail);
    }

    fn end(&self, id: Id, family: &Family, reason: &str) {
        self.sessions().end(id, family);
        self.succeed(
            "session-end",
            &family.subject,
            &[("session", id.to_string()), ("reason", reason.to_owned())],
        );
    }
}

impl From<(Id, Family)> for Session {
    fn from((id, family): (Id, Family)) -> Self {
        Self {
            session_id: id.to_string(),
            created_at: family.created_at,
            refreshed_at: family.rotated_at,
            idle_expires_at: family.idle_expires_at,
            expires_at: family.expires_at,
        }
    }
}
