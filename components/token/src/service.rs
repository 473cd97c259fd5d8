//! The commands of the token channel.

use crate::access_token::{self, Audience, Claims};
use crate::error::Error;
use crate::family::{Family, Presented};
use crate::id::Id;
use crate::ports::{Outcome, Ports};
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

    /// Starts a family for `id` and issues its first tokens.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `id` cannot be a subject; [`Error::AccessDenied`] in a nested call for anybody but
    /// the established subject.
    pub fn generate_tokens(&self, id: &str) -> Result<Tokens, Error> {
        subject::check(id)?;
        let message = self.ports.message();
        if message.via.is_some() && message.principal.as_deref() != Some(id) {
            self.ports.record(
                "token-issue",
                Outcome::Denied,
                Some(id),
                &[("reason", "not-established")],
            );
            return Err(Error::AccessDenied);
        }
        let settings = self.settings();
        let client_id = message.service_key.unwrap_or_else(|| settings.client_id());
        let family = Family::begin(id, client_id, self.ports.now(), &settings);
        let family_id = Id(self.ports.random());
        if family_id.0[0].is_multiple_of(LOOK_EVERY) {
            self.sessions().end_all_but(id, MAX_SESSIONS - 1);
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

    /// The claims of a valid access token; none for anything else, whatever it is.
    ///
    /// It proves who sent the message, unless somebody is known already: a service that acts for one person may check
    /// another's token.
    pub fn verify_token(&self, access_token: &str) -> Option<Claims> {
        let settings = self.settings();
        let claims = access_token::verify::<P::Signing>(access_token)?;
        let valid = claims.hold(&settings.issuer(), &settings.audience(), self.ports.now())
            && self
                .sessions()
                .accept(&claims.sid, &claims.jti, &claims.sub);
        if !valid {
            return None;
        }
        if self.ports.message().principal.is_none() {
            self.ports.establish(&claims.sub, &claims.sid);
        }
        Some(claims)
    }

    /// Rotates a refresh token.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for whatever is not a living family's newest token, or the one before within the
    /// grace. A used one ends its family.
    pub fn refresh_tokens(&self, refresh_token: &str) -> Result<Tokens, Error> {
        let Some((token, mut family)) = self.genuine(refresh_token) else {
            self.ports.record(
                "token-refresh",
                Outcome::Denied,
                None,
                &[("reason", "not-valid")],
            );
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
        if let Some((token, family)) = self.genuine(refresh_token) {
            self.end(token.family, &family, "blacklist");
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
    /// [`Error::ValidationFailed`] if `id` cannot be a subject.
    pub fn list_sessions(&self, id: &str) -> Result<Vec<Session>, Error> {
        subject::check(id)?;
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
    /// [`Error::ValidationFailed`] if `id` cannot be a subject.
    pub fn end_session(&self, id: &str, session_id: &str) -> Result<(), Error> {
        subject::check(id)?;
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

    /// Ends all sessions of `id`, and with them every access token issued up to now.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `id` cannot be a subject.
    pub fn revoke_subject(&self, id: &str) -> Result<(), Error> {
        subject::check(id)?;
        let ended = self.sessions().end_all_but(id, 0);
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

    /// A refresh token that we issued, with its family if that still lives. A forged one is refused without a look at the store.
    fn genuine(&self, refresh_token: &str) -> Option<(RefreshToken, Family)> {
        let token =
            RefreshToken::parse(refresh_token).filter(|token| token.is_genuine(self.ports))?;
        Some((token, self.sessions().find(token.family)?))
    }

    /// Somebody has a copy of a token that was used up. Who, the thief or its owner, cannot be told, so both lose the
    /// session (RFC 9700 §4.14.2), and it stays lost although the answer is an error.
    fn end_replayed(&self, id: Id, family: &Family) {
        self.sessions().end(id, family);
        let payload = serde_json::json!({"subject": family.subject, "session_id": id.to_string(), "at": self.ports.now()});
        self.ports
            .publish("token-family-reused", &payload.to_string());
        self.ports.keep();
        self.ports.record(
            "token-reuse",
            Outcome::Denied,
            Some(&family.subject),
            &[("session", &id.to_string())],
        );
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
