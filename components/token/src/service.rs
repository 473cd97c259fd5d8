//! The commands of the token channel.

use crate::access_token::{self, Audience, Claims};
use crate::error::Error;
use crate::family::{Family, Presented};
use crate::id::Id;
use crate::ports::{Outcome, Ports};
use crate::proof::{self, Proof};
use crate::refresh_token::RefreshToken;
use crate::sessions::Sessions;
use crate::settings::{MAX_SESSIONS, Settings};
use crate::subject;

/// One sign-in in so many looks whether its subject has too many sessions. Every look reads all of them, and two of
/// them at once conflict: if each looked, the sign-ins of one subject would have to wait for each other.
const LOOK_EVERY: u8 = 16;

/// A pair of tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Access token: a JWT.
    pub access_token: String,
    /// Refresh token: opaque.
    pub refresh_token: String,
}

/// What a valid access token says, and what its session knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The token's claims.
    pub claims: Claims,
    /// How its subject proved who they are when the session began; none if that is not known.
    pub proof: Option<Proof>,
}

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

/// The commands, over their ports.
#[derive(Debug)]
pub struct Service<'a, P> {
    ports: &'a P,
}

impl<'a, P: Ports> Service<'a, P> {
    /// The service of one message.
    pub fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// Starts a family for `id` and issues its first tokens. If `id` proved who they are in this message, the family keeps
    /// the proof.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `id` cannot be a subject; [`Error::AccessDenied`] for anybody who did not prove to be
    /// `id`, unless a service asks from outside.
    pub fn generate_tokens(&self, id: &str) -> Result<Tokens, Error> {
        subject::check(id)?;
        let message = self.ports.message();
        let proof = message.proved(id).cloned().map(Proof::from);
        if proof.is_none() && !message.is_service() {
            return Err(self.deny("token-issue", id, "not-established"));
        }
        let settings = self.settings();
        let client_id = message.service_key.unwrap_or_else(|| settings.client_id());
        let family = Family::begin(id, client_id, proof, self.ports.now(), &settings);
        let family_id = Id(self.ports.random());
        if family_id.0[0].is_multiple_of(LOOK_EVERY) {
            self.sessions().end_surplus(id, MAX_SESSIONS - 1);
        }
        self.sessions().begin(family_id, &family);
        self.ports.record(
            "token-issue",
            Outcome::Success,
            Some(id),
            &[("session", &family_id.to_string())],
        );
        Ok(self.tokens(family_id, &family))
    }

    /// What a valid access token says; none for anything else, whatever it is.
    ///
    /// It proves who sent the message, unless somebody is known already: a service that acts for one person may check
    /// another's token.
    pub fn verify_token(&self, access_token: &str) -> Option<Verified> {
        let (settings, now) = (self.settings(), self.ports.now());
        let claims = access_token::verify::<P::Signing>(access_token)?;
        let for_us = claims.hold(&settings.issuer(), &settings.audience(), now);
        for_us.then_some(())?;
        let standing = self
            .sessions()
            .accept(&claims.sid, &claims.jti, &claims.sub)?;
        let proof = standing.proof;
        if self.ports.message().principal.is_none() {
            let (subject, session) = (&claims.sub, &claims.sid);
            let principal =
                proof::principal(subject, session, proof.as_ref(), standing.created_at, now);
            // The token is valid also if the message turns out to act for somebody else.
            let _ = self.ports.establish(&principal);
        }
        Some(Verified { claims, proof })
    }

    /// Rotates a refresh token.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for whatever is not a living family's newest token, or the one before within the
    /// grace. A used one ends its family. What we did not issue leaves no trace: a stranger could fill the record with it.
    pub fn refresh_tokens(&self, refresh_token: &str) -> Result<Tokens, Error> {
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
        Ok(self.tokens(token.family, &family))
    }

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

    /// The living sessions of `id`, oldest first; of more than 1 000 the newest.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `id` cannot be a subject; [`Error::AccessDenied`] for somebody else who asks from
    /// outside and is no service.
    pub fn list_sessions(&self, id: &str) -> Result<Vec<Session>, Error> {
        self.check(id, "session-list")?;
        let families = self.sessions().of(id);
        let surplus = families.len().saturating_sub(MAX_SESSIONS);
        Ok(families
            .into_iter()
            .skip(surplus)
            .map(Session::from)
            .collect())
    }

    /// Ends one session of `id`. If there is none of that name, or it is another's, nothing happens.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions).
    pub fn end_session(&self, id: &str, session_id: &str) -> Result<(), Error> {
        self.check(id, "session-end")?;
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

    /// Ends all sessions of `id` but `except_session`, and with them every access token of theirs issued up to now. What is
    /// no session of `id` excepts nothing.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions).
    pub fn revoke_subject(&self, id: &str, except_session: Option<&str>) -> Result<(), Error> {
        self.check(id, "subject-revoke")?;
        let except = except_session.and_then(Id::parse);
        let ended = self.sessions().end_all(id, except);
        self.succeed("subject-revoke", id, &[("sessions", ended.to_string())]);
        Ok(())
    }

    /// The pair that stands for the family as it is now: the newest refresh token and a fresh access token.
    fn tokens(&self, id: Id, family: &Family) -> Tokens {
        let settings = self.settings();
        let now = self.ports.now();
        // No access token outlives its family.
        let expires_at = now
            .saturating_add(settings.access_lifetime())
            .min(family.idle_expires_at);
        let claims = Claims {
            iss: settings.issuer(),
            aud: Audience::One(settings.audience()),
            sub: family.subject.clone(),
            client_id: family.client_id.clone(),
            iat: now / 1_000,
            nbf: None,
            exp: expires_at / 1_000,
            jti: Id(self.ports.random()).to_string(),
            sid: id.to_string(),
        };
        Tokens {
            access_token: access_token::issue::<P::Signing>(&claims),
            refresh_token: RefreshToken::issue(self.ports, id, family.generation).text(),
        }
    }

    /// A refresh token that we issued; whether its family lives is not looked at.
    fn genuine(&self, refresh_token: &str) -> Option<RefreshToken> {
        RefreshToken::parse(refresh_token).filter(|token| token.is_genuine(self.ports))
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

    /// Refuses an `id` that cannot be a subject, and who may not manage its sessions.
    fn check(&self, id: &str, action: &str) -> Result<(), Error> {
        subject::check(id)?;
        if self.ports.message().may_manage(id) {
            return Ok(());
        }
        Err(self.deny(action, id, "not-the-subject"))
    }

    fn deny(&self, action: &str, id: &str, reason: &str) -> Error {
        let detail = [("reason", reason)];
        self.ports
            .record(action, Outcome::Denied, Some(id), &detail);
        Error::AccessDenied
    }

    fn end(&self, id: Id, family: &Family, reason: &str) {
        self.sessions().end(id, family);
        self.succeed(
            "session-end",
            &family.subject,
            &[("session", id.to_string()), ("reason", reason.to_owned())],
        );
    }

    fn succeed(&self, action: &str, subject: &str, detail: &[(&str, String)]) {
        let detail: Vec<(&str, &str)> = detail
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.ports
            .record(action, Outcome::Success, Some(subject), &detail);
    }

    fn sessions(&self) -> Sessions<'_, P> {
        Sessions::new(self.ports)
    }

    fn settings(&self) -> Settings<'_, P> {
        Settings::new(self.ports)
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
