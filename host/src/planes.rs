//! The three planes: from what a request presents to who is asking. Every transport admits its messages here.
//!
//! * **Service**: a service key (`Bearer vsk_…`) reaches the commands in its scope. One with the right to may name the user it
//!   acts for.
//! * **User**: any other bearer credential reaches the commands in `planes.user` and `planes.public`. A component checks it, in
//!   the message's own transaction.
//! * **Public**: without a credential, the commands in `planes.public`.
//!
//! Who is let in is decided before anybody looks whether the command exists, so a refusal tells a stranger nothing about what
//! is deployed.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use async_trait::async_trait;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::config::{self, CommandPattern, PatternError};
use crate::error::{Code, Failure, Violation};
use crate::message::{Caller, Credential, CredentialKind, Plane, Principal};
use crate::service_keys::{ServiceKey, ServiceKeys};

/// What service keys begin with.
pub const SERVICE_KEY_PREFIX: &str = "vsk_";

/// What API tokens begin with.
pub const API_TOKEN_PREFIX: &str = "vst_";

/// The header (or metadata key) by which a service names the user it acts for.
pub const ACTING_USER: &str = "vestibule-user";

/// The longest bearer credential, in bytes. A JWT with many claims has two or three thousand.
const MAX_BEARER_BYTES: usize = 8 * 1024;

/// The longest acting-user text, in bytes.
const MAX_ACTING_USER_BYTES: usize = 4 * 1024;

/// The longest user id, in bytes.
const MAX_SUBJECT_BYTES: usize = 128;

/// The most roles, and the longest, in bytes.
const MAX_ROLES: usize = 64;

/// What a request presents. A transport fills it from headers or metadata.
#[derive(Default)]
pub struct Credentials {
    /// The `Authorization` header, whole.
    pub authorization: Option<Zeroizing<String>>,
    /// The `vestibule-user` header: `{"id": "…", "roles": ["…"]}`.
    pub acting_user: Option<String>,
    /// The client's address, if it is known.
    pub remote_address: Option<IpAddr>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("authorization", &self.authorization.is_some())
            .field("acting_user", &self.acting_user.is_some())
            .field("remote_address", &self.remote_address)
            .finish()
    }
}

/// Where service keys are looked up.
#[async_trait]
pub trait ServiceKeyLookup: Send + Sync {
    /// The live key that `presented` is; none if there is no such key.
    ///
    /// # Errors
    /// `unavailable` when the keys cannot be read.
    async fn look_up(&self, presented: &str) -> Result<Option<ServiceKey>, Failure>;
}

#[async_trait]
impl ServiceKeyLookup for ServiceKeys {
    async fn look_up(&self, presented: &str) -> Result<Option<ServiceKey>, Failure> {
        let found = self.find(presented).await;
        found.map_err(|cause| Failure::unavailable(1_000).because(cause))
    }
}

/// Which commands are open to whom.
#[derive(Debug, Clone)]
pub struct Planes {
    user: Vec<CommandPattern>,
    public: Vec<CommandPattern>,
}

impl Planes {
    /// As configured.
    ///
    /// # Errors
    /// When a pattern is neither `channel/command` nor `channel/*`.
    pub fn new(config: &config::Planes) -> Result<Self, PatternError> {
        let parse = |patterns: &[String]| {
            let parsed = patterns.iter().map(|text| text.parse::<CommandPattern>());
            parsed.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            user: parse(&config.user)?,
            public: parse(&config.public)?,
        })
    }

    /// Whether a user with a credential may ask for `command` of `channel`.
    #[must_use]
    pub fn is_user(&self, channel: &str, command: &str) -> bool {
        matches(&self.user, channel, command)
    }

    /// Whether anybody may ask for `command` of `channel`.
    #[must_use]
    pub fn is_public(&self, channel: &str, command: &str) -> bool {
        matches(&self.public, channel, command)
    }

    /// Who asks for `command` of `channel` with `credentials` at the moment `now`, if they may.
    ///
    /// # Errors
    /// `unauthenticated` without a credential for what is not public, and for one that is not well-formed or no live service
    /// key (also for what is public: whoever presents a key means it); `access-denied` for a credential that does not reach the
    /// command, and for an acting user named by somebody who may not; `bad-request` for an acting user that is not well-formed.
    pub async fn admit(
        &self,
        keys: &dyn ServiceKeyLookup,
        credentials: Credentials,
        channel: &str,
        command: &str,
        now: Timestamp,
    ) -> Result<Caller, Failure> {
        let remote_address = credentials.remote_address;
        let caller = match &credentials.authorization {
            None => self.admit_anybody(&credentials, channel, command)?,
            Some(authorization) => {
                let bearer = bearer(authorization).ok_or_else(invalid)?;
                if bearer.starts_with(SERVICE_KEY_PREFIX) {
                    let key = keys.look_up(bearer).await?.ok_or_else(invalid)?;
                    if !key.allows(channel, command) {
                        return Err(out_of_reach());
                    }
                    admit_service(key, credentials.acting_user.as_deref(), now)?
                } else {
                    self.admit_user(bearer, &credentials, channel, command)?
                }
            }
        };
        Ok(Caller {
            remote_address,
            ..caller
        })
    }

    fn admit_anybody(
        &self,
        credentials: &Credentials,
        channel: &str,
        command: &str,
    ) -> Result<Caller, Failure> {
        if !self.is_public(channel, command) {
            return Err(missing());
        }
        match credentials.acting_user {
            Some(_) => Err(may_not_act()),
            None => Ok(Caller::public()),
        }
    }

    fn admit_user(
        &self,
        bearer: &str,
        credentials: &Credentials,
        channel: &str,
        command: &str,
    ) -> Result<Caller, Failure> {
        if credentials.acting_user.is_some() {
            return Err(may_not_act());
        }
        // What anybody may ask is not asked in somebody's name: one who is signed in may sign in as another, and a session
        // is refreshed although the access token in the header has expired.
        if self.is_public(channel, command) {
            return Ok(Caller::public());
        }
        if !self.is_user(channel, command) {
            return Err(out_of_reach());
        }
        Ok(Caller::user(credential(bearer)))
    }
}

/// Who presents `credentials`, for what needs the credential of a user and reaches no command. What the credential is worth is for
/// its check to judge.
///
/// # Errors
/// `unauthenticated` without a credential, for one that is not well-formed, and for a service key, good or not: it is nobody's, and
/// there is no command that it could be for; `access-denied` for an acting user.
pub fn identify(credentials: &Credentials) -> Result<Caller, Failure> {
    let authorization = credentials.authorization.as_ref().ok_or_else(missing)?;
    let bearer = bearer(authorization).ok_or_else(invalid)?;
    if bearer.starts_with(SERVICE_KEY_PREFIX) {
        return Err(invalid());
    }
    if credentials.acting_user.is_some() {
        return Err(may_not_act());
    }
    Ok(Caller {
        remote_address: credentials.remote_address,
        ..Caller::user(credential(bearer))
    })
}

fn credential(bearer: &str) -> Credential {
    let kind = match bearer.starts_with(API_TOKEN_PREFIX) {
        true => CredentialKind::ApiToken,
        false => CredentialKind::Jwt,
    };
    Credential {
        kind,
        value: Zeroizing::new(bearer.to_owned()),
    }
}

fn admit_service(
    key: ServiceKey,
    acting_user: Option<&str>,
    now: Timestamp,
) -> Result<Caller, Failure> {
    let principal = match acting_user {
        None => None,
        Some(_) if !key.may_act_as() => return Err(may_not_act()),
        Some(text) => Some(ActingUser::parse(text)?.into_principal(now)),
    };
    Ok(Caller {
        plane: Plane::Service,
        operator: key.may_administer(),
        principal,
        ..Caller::service(Some(key.id))
    })
}

/// The credential of an `Authorization` header of the scheme `Bearer` (RFC 6750 §2.1), if it is well-formed.
#[must_use]
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, rest) = authorization.split_once(' ')?;
    let token = rest.trim_matches(' ');
    let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    (scheme.eq_ignore_ascii_case("bearer")
        && (1..=MAX_BEARER_BYTES).contains(&token.len())
        && token.bytes().all(well_formed))
    .then_some(token)
}

/// The user a service acts for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActingUser {
    id: String,
    #[serde(default)]
    roles: Vec<String>,
}

impl ActingUser {
    fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = || {
            let rule = "must be JSON: {\"id\": \"…\", \"roles\": [\"…\"]}, with an id of 1 to 128 bytes and at most 64 roles";
            Failure::bad_request(vec![Violation::new(ACTING_USER, rule)])
        };
        if text.len() > MAX_ACTING_USER_BYTES {
            return Err(refuse());
        }
        let user: Self = serde_json::from_str(text).map_err(|_| refuse())?;
        let is_name = |name: &String| {
            (1..=MAX_SUBJECT_BYTES).contains(&name.len()) && !name.chars().any(char::is_control)
        };
        let in_bounds =
            is_name(&user.id) && user.roles.len() <= MAX_ROLES && user.roles.iter().all(is_name);
        in_bounds.then_some(user).ok_or_else(refuse)
    }

    /// The host proved nothing about this user: it believes the service.
    fn into_principal(self, now: Timestamp) -> Principal {
        Principal {
            subject: self.id,
            roles: self.roles,
            scopes: None,
            session: None,
            methods: vec!["acting".to_owned()],
            authenticated_at: now,
        }
    }
}

fn matches(patterns: &[CommandPattern], channel: &str, command: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern.matches(channel, command))
}

fn missing() -> Failure {
    let message = "this needs a credential: send `Authorization: Bearer …`";
    Failure::new(Code::Unauthenticated, message)
}

fn invalid() -> Failure {
    Failure::new(Code::Unauthenticated, "the credential is not valid")
}

fn out_of_reach() -> Failure {
    Failure::new(
        Code::AccessDenied,
        "the credential does not reach this command",
    )
}

fn may_not_act() -> Failure {
    Failure::new(
        Code::AccessDenied,
        "only a service key with the right to act as a user may name one",
    )
}
