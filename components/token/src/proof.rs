//! How a subject proved who they are: what a session keeps of it, and what a message may do with it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ports::{MAX_LIST, Message, Plane, Principal};

/// The method of a principal that a service only names.
const ACTING: &str = "acting";

/// The method of a principal that an access token proves.
const JWT: &str = "jwt";

/// The method of a principal that an API token proves.
pub(crate) const API_TOKEN: &str = "api-token";

/// The proof a session began with, as its family's record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Roles at that time.
    pub roles: Vec<String>,
    /// What the session is limited to; none: not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// How it was proved (RFC 8176).
    pub methods: Vec<String>,
    /// When, in Unix milliseconds.
    pub authenticated_at: u64,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    later: Map<String, Value>,
}

impl From<Principal> for Proof {
    fn from(principal: Principal) -> Self {
        Self {
            roles: principal.roles,
            scopes: principal.scopes,
            methods: principal.methods,
            authenticated_at: principal.authenticated_at,
            later: Map::new(),
        }
    }
}

impl Message {
    /// Whether a service calls from outside: it may ask for anybody.
    pub(crate) fn is_service(&self) -> bool {
        self.via.is_none() && self.plane == Plane::Service
    }

    /// The principal, if they proved who they are: a service that acts for somebody merely says so.
    pub(crate) fn established(&self) -> Option<&Principal> {
        let principal = self.principal.as_ref();
        principal.filter(|principal| !principal.came_by(ACTING))
    }

    /// The principal, if they are `subject` and proved it.
    pub(crate) fn proved(&self, subject: &str) -> Option<&Principal> {
        let principal = self.established();
        principal.filter(|principal| principal.subject == subject)
    }

    /// Whom the message acts for: who proved it, or whom a service names. A service may ask for anybody from outside, so it
    /// may have a component ask for somebody.
    pub(crate) fn subject(&self) -> Option<&str> {
        let principal = match self.plane {
            Plane::Service => self.principal.as_ref(),
            Plane::User | Plane::Public => self.established(),
        };
        principal.map(|principal| principal.subject.as_str())
    }

    /// Whether the sessions of `subject` may be seen and ended one by one. Another component may not do it to anybody: it
    /// serves whom the message acts for.
    pub(crate) fn may_manage(&self, subject: &str) -> bool {
        self.is_service() || self.subject() == Some(subject)
    }

    /// Whether all sessions of `subject` may be ended. For another component the grant of that command decides: whoever
    /// resets a password or switches an account off ends sessions of somebody who is not there.
    pub(crate) fn may_revoke(&self, subject: &str) -> bool {
        self.via.is_some() || self.may_manage(subject)
    }
}

impl Principal {
    /// Whether they proved who they are, or are named, by `method`.
    pub(crate) fn came_by(&self, method: &str) -> bool {
        self.methods.iter().any(|known| known == method)
    }
}

/// Whom an access token of `session` proves at `now`: its family's `proof`, without one nothing but who they are since
/// the family was `created_at`.
pub(crate) fn principal(
    subject: &str,
    session: &str,
    proof: Option<&Proof>,
    created_at: u64,
    now: u64,
) -> Principal {
    let mut methods = vec![JWT.to_owned()];
    for method in proof.into_iter().flat_map(|proof| &proof.methods) {
        if methods.len() < MAX_LIST && !methods.contains(method) {
            methods.push(method.clone());
        }
    }
    let authenticated_at = proof.map_or(created_at, |proof| proof.authenticated_at);
    Principal {
        subject: subject.to_owned(),
        roles: proof.map_or_else(Vec::new, |proof| proof.roles.clone()),
        scopes: proof.and_then(|proof| proof.scopes.clone()),
        session: Some(session.to_owned()),
        methods,
        // Another host's clock may be ahead of ours.
        authenticated_at: authenticated_at.min(now),
    }
}
