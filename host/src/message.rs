//! A message: one command for one channel, from one caller.

use std::net::IpAddr;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::error::Failure;

/// One command on its way to a component.
#[derive(Debug, Clone)]
pub struct Message {
    /// The client's idempotency key, at most 255 visible ASCII characters. A message without one is never replayed.
    pub id: Option<String>,
    /// Names the request in logs and answers: the client's, or made by the transport.
    pub request_id: String,
    /// The channel: `token`.
    pub channel: String,
    /// The command in kebab-case: `verify-token`.
    pub command: String,
    /// The major version of the channel's WIT package that the client speaks.
    pub version: u16,
    /// Who asks.
    pub caller: Caller,
    /// When the client stops waiting, if it said so. The host's own limit holds in any case.
    pub deadline: Option<Timestamp>,
    /// The request as JSON; `Null` for a command without parameters.
    pub payload: Value,
}

impl Message {
    /// A message without idempotency key or deadline, for version 1 of `channel`, named by a fresh request id.
    #[must_use]
    pub fn new(channel: &str, command: &str, payload: Value, caller: Caller) -> Self {
        Self {
            id: None,
            request_id: uuid::Uuid::now_v7().to_string(),
            channel: channel.to_owned(),
            command: command.to_owned(),
            version: 1,
            caller,
            deadline: None,
            payload,
        }
    }
}

/// By which door a message came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plane {
    /// A service, by its service key (or the embedding program itself).
    Service,
    /// A person or a program, by a credential that a component checks.
    User,
    /// Anybody.
    Public,
}

impl Plane {
    /// `service`, `user` or `public`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::User => "user",
            Self::Public => "public",
        }
    }
}

/// Who asks: what the transport and the planes found out before the message is routed.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The door.
    pub plane: Plane,
    /// The id of the service key that was presented.
    pub service_key: Option<String>,
    /// Whether that key may administer.
    pub operator: bool,
    /// The client's address, if it is known.
    pub remote_address: Option<IpAddr>,
    /// The user a service acts for. On the user plane it is empty: the credential's check establishes the principal.
    pub principal: Option<Principal>,
    /// What is to be checked, in the message's own transaction, before the command runs.
    pub credential: Option<Credential>,
}

impl Caller {
    /// The embedding program, or a service whose key was found good.
    #[must_use]
    pub fn service(service_key: Option<String>) -> Self {
        Self {
            plane: Plane::Service,
            service_key,
            operator: false,
            remote_address: None,
            principal: None,
            credential: None,
        }
    }

    /// Anybody.
    #[must_use]
    pub fn public() -> Self {
        Self {
            plane: Plane::Public,
            ..Self::service(None)
        }
    }

    /// Somebody with a credential that is yet to be checked.
    #[must_use]
    pub fn user(credential: Credential) -> Self {
        Self {
            plane: Plane::User,
            credential: Some(credential),
            ..Self::service(None)
        }
    }
}

/// A credential of the user plane, not checked yet.
#[derive(Clone)]
pub struct Credential {
    /// Which command checks it: a key of the configuration's `[auth]` table, `jwt` or `api-token`.
    pub kind: CredentialKind,
    /// The credential itself.
    pub value: Zeroizing<String>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a credential looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A JSON Web Token.
    Jwt,
    /// A `vst_` token.
    ApiToken,
}

/// An identity that was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose.
    pub subject: String,
    /// Roles at the time of proof.
    pub roles: Vec<String>,
    /// What the credential is limited to; none: not limited; empty: it proves who somebody is and allows nothing else.
    pub scopes: Option<Vec<String>>,
    /// The session the credential belongs to.
    pub session: Option<String>,
    /// How it was proved.
    pub methods: Vec<String>,
    /// When.
    pub authenticated_at: Timestamp,
}

/// What a command answers: its reply as JSON, or none for a command without one; or why not.
pub type Answer = Result<Option<Value>, Failure>;
