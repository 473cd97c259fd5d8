//! Beginning sessions, and the tokens that stand for one.

use super::Service;
use crate::access_token::{self, Audience, Claims};
use crate::error::Error;
use crate::family::Family;
use crate::id::Id;
use crate::ports::{Outcome, Ports};
use crate::proof::Proof;
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

    /// The pair that stands for the family as it is now: the newest refresh token and a fresh access token.
    pub(super) fn tokens(&self, id: Id, family: &Family) -> Tokens {
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
}
