//! Beginning sessions, and the tokens that stand for one.

use super::Service;
use crate::access_token::{self, Audience, Claims};
use crate::error::{Error, Violation};
use crate::family::Family;
use crate::id::Id;
use crate::ports::{Message, Ports};
use crate::proof::{API_TOKEN, Proof};
use crate::refresh_token::RefreshToken;
use crate::settings::MAX_SESSIONS;
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

/// A session's tokens. Moments are Unix milliseconds.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionTokens {
    /// Access token: a JWT.
    pub access_token: String,
    /// When it expires: its `exp`.
    pub access_expires_at: u64,
    /// Refresh token; none in an access-only session.
    pub refresh_token: Option<String>,
    /// When it expires if it is not used; present exactly with the refresh token.
    pub refresh_expires_at: Option<u64>,
    /// The `sid` of its access tokens.
    pub session_id: String,
}

impl<P: Ports> Service<'_, P> {
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
            return Err(self.deny("token-issue", Some(id), "not-established"));
        }
        let family = self.family(id, proof, &message);
        let family_id = self.begin(&family);
        Ok(self.tokens(family_id, &family))
    }

    /// Starts a family for the subject that proved who they are in this message. An access-only one ends with its access
    /// token, and displaces none that can be refreshed. One that is given a moment is over by then in any case.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for a moment that is past. [`Error::AccessDenied`] if nobody proved anything; if it was
    /// proved by a session's access token, whose minutes must not become months; and for a refresh token if it was proved by
    /// an API token, which must not outlive itself.
    pub fn issue_session(
        &self,
        access_only: bool,
        ends_by: Option<u64>,
    ) -> Result<SessionTokens, Error> {
        if ends_by.is_some_and(|moment| moment <= self.ports.now()) {
            return Err(Error::ValidationFailed(Violation {
                path: "ends_by",
                message: "must be in the future",
            }));
        }
        let message = self.ports.message();
        let named = message.principal.as_ref().map(|it| it.subject.as_str());
        let refuse = |reason| Err(self.deny("token-issue", named, reason));
        let Some(principal) = message.established() else {
            return refuse("not-established");
        };
        if principal.session.is_some() {
            return refuse("session-token");
        }
        if !access_only && principal.came_by(API_TOKEN) {
            return refuse("api-token");
        }
        let proof = Proof::from(principal.clone());
        let mut family = self.family(&principal.subject, Some(proof), &message);
        if access_only {
            family = family.into_access_only(&self.settings());
        }
        if let Some(moment) = ends_by {
            family = family.ending_by(moment);
        }
        let family_id = self.begin(&family);
        Ok(self.session_tokens(family_id, &family))
    }

    /// A family of `subject` that begins now.
    fn family(&self, subject: &str, proof: Option<Proof>, message: &Message) -> Family {
        let settings = self.settings();
        let key = message.service_key.clone();
        let client_id = key.unwrap_or_else(|| settings.client_id());
        Family::begin(subject, client_id, proof, self.ports.now(), &settings)
    }

    /// Stores a family that begins, under a new id.
    fn begin(&self, family: &Family) -> Id {
        let id = Id(self.ports.random());
        if id.0[0].is_multiple_of(LOOK_EVERY) {
            let (subject, access_only) = (&family.subject, family.access_only);
            self.sessions()
                .end_surplus(subject, access_only, MAX_SESSIONS - 1);
        }
        self.sessions().begin(id, family);
        let detail = [("session", id.to_string())];
        self.succeed("token-issue", &family.subject, &detail);
        id
    }

    /// The pair that stands for the family as it is now: the newest refresh token and a fresh access token.
    pub(super) fn tokens(&self, id: Id, family: &Family) -> Tokens {
        Tokens {
            access_token: self.access_token(id, family).0,
            refresh_token: self.refresh_token(id, family),
        }
    }

    /// The same with what else is known of them.
    pub(super) fn session_tokens(&self, id: Id, family: &Family) -> SessionTokens {
        let (access_token, access_expires_at) = self.access_token(id, family);
        let refreshable = !family.access_only;
        SessionTokens {
            access_token,
            access_expires_at,
            refresh_token: refreshable.then(|| self.refresh_token(id, family)),
            refresh_expires_at: refreshable.then_some(family.idle_expires_at),
            session_id: id.to_string(),
        }
    }

    fn refresh_token(&self, id: Id, family: &Family) -> String {
        RefreshToken::issue(self.ports, id, family.generation).text()
    }

    /// A fresh access token, and when it expires.
    fn access_token(&self, id: Id, family: &Family) -> (String, u64) {
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
        let token = access_token::issue::<P::Signing>(&claims);
        (token, claims.exp.saturating_mul(1_000))
    }
}
