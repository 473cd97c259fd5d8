//! What an operator may configure, as the service reads it.

use crate::ports::Config;

/// How far clocks of several hosts may be apart, in seconds: a token counts as valid for so long before `nbf` and after
/// `exp`.
pub const SKEW_SECONDS: u64 = 30;

/// Sessions a subject may have, and as many access-only ones beside them; the oldest of its kind ends when there are more.
pub const MAX_SESSIONS: usize = 1_000;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// The settings of one message. Each is looked up when it is asked for: a check of a token needs two of them.
#[derive(Debug)]
pub struct Settings<'a, C> {
    config: &'a C,
}

impl<'a, C: Config> Settings<'a, C> {
    /// The settings in `config`.
    pub fn new(config: &'a C) -> Self {
        Self { config }
    }

    /// The `iss` of access tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.text("issuer", "vestibule")
    }

    /// The `aud` of access tokens.
    #[must_use]
    pub fn audience(&self) -> String {
        self.text("audience", "vestibule")
    }

    /// The `client_id` of tokens that no service key asked for.
    #[must_use]
    pub fn client_id(&self) -> String {
        self.text("client-id", "vestibule")
    }

    /// How long an access token is valid, in milliseconds.
    #[must_use]
    pub fn access_lifetime(&self) -> u64 {
        self.milliseconds("access-lifetime", 10 * MINUTE)
    }

    /// How long the refresh token before the newest may come again, in milliseconds; 0: never.
    #[must_use]
    pub fn refresh_grace(&self) -> u64 {
        self.milliseconds("refresh-grace", 30 * SECOND)
    }

    /// After how long without a refresh a session ends, in milliseconds.
    #[must_use]
    pub fn idle_lifetime(&self) -> u64 {
        self.milliseconds("idle-lifetime", 30 * DAY)
    }

    /// After how long a session ends in any case, in milliseconds.
    #[must_use]
    pub fn absolute_lifetime(&self) -> u64 {
        self.milliseconds("absolute-lifetime", 90 * DAY)
    }

    fn text(&self, name: &str, default: &str) -> String {
        self.config.get(name).unwrap_or_else(|| default.to_owned())
    }

    /// The host checks types before a build serves, so a value that is not a number is as good as none.
    fn milliseconds(&self, name: &str, default: u64) -> u64 {
        self.config
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }
}
