//! Checking access tokens, of any age.

use super::Service;
use crate::access_token::{self, Claims};
use crate::ports::Ports;
use crate::proof::{self, Proof};

/// What a valid access token says, and what its session knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The token's claims.
    pub claims: Claims,
    /// How its subject proved who they are when the session began; none if that is not known.
    pub proof: Option<Proof>,
}

impl<P: Ports> Service<'_, P> {
    /// What a valid access token says; none for anything else, whatever it is.
    ///
    /// It proves who sent the message, unless somebody is known already: a service that acts for one person may check
    /// another's token.
    pub fn verify_token(&self, access_token: &str) -> Option<Verified> {
        let (settings, now) = (self.settings(), self.ports.now());
        let claims = access_token::verify::<P::Signing>(access_token)?;
        // What is broken: it is asked whether the token was good when it was made.
        let made_at = claims.iat * 1_000;
        let for_us = claims.hold(&settings.issuer(), &settings.audience(), made_at);
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
}
