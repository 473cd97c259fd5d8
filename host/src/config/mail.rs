//! `[mail]`: who mails are from, the server they go to, and how long it is tried.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::check::{HOUR_MS, given, within};

const DAY_MS: u64 = 24 * HOUR_MS;

/// Mails to people. Without a server they are captured: kept, shown to the operator, sent to nobody.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Who mails are from: `no-reply@example.com`, or with a name `Example <no-reply@example.com>`. Needed with a server.
    pub from: Option<String>,
    /// Where answers go, if not there.
    pub reply_to: Option<String>,
    /// The mail server's name or address. None: mails are captured.
    pub server: Option<String>,
    /// Its port. None: 465 for implicit TLS, 587 for STARTTLS, 25 without TLS.
    pub port: Option<u16>,
    /// How the connection is protected. None: implicit TLS on port 465, else STARTTLS.
    pub tls: Option<MailTls>,
    /// Whether a server beyond this machine may be spoken to without TLS.
    pub allow_plain: bool,
    /// The account at the server; together with a password.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// A PEM file with certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// What this client calls itself in `EHLO`. None: the domain of `from`.
    pub hello: Option<String>,
    /// How long the hand-over of one mail may take, in milliseconds.
    pub timeout_ms: u64,
    /// How many mails are handed over at once.
    pub concurrency: u32,
    /// How often a mail is tried before it is given up. A server that cannot be reached does not count.
    pub max_tries: u32,
    /// The wait after the first try, in milliseconds; it doubles with each further one.
    pub retry_min_ms: u64,
    /// The longest wait.
    pub retry_max_ms: u64,
    /// How long captured mails are kept, in milliseconds.
    pub keep_captured_ms: u64,
    /// How long mails that were given up are kept.
    pub keep_failed_ms: u64,
    /// How long it is known of a mail that it was sent, or why not, in milliseconds; its words are gone by then.
    pub keep_sent_ms: u64,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// It begins plain and must be upgraded before anything is said (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// Not at all.
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            from: None,
            reply_to: None,
            server: None,
            port: None,
            tls: None,
            allow_plain: false,
            username: None,
            password: None,
            ca_file: None,
            hello: None,
            timeout_ms: 60_000,
            concurrency: 4,
            max_tries: 60,
            retry_min_ms: 10_000,
            retry_max_ms: 30 * 60 * 1_000,
            keep_captured_ms: 7 * DAY_MS,
            keep_failed_ms: 30 * DAY_MS,
            keep_sent_ms: 30 * DAY_MS,
        }
    }
}

impl fmt::Debug for Mail {
    /// Leaves the account out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("from", &self.from)
            .field("server", &self.server)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("authenticates", &self.username.is_some())
            .finish_non_exhaustive()
    }
}

impl Mail {
    /// How the connection is protected, said or not.
    #[must_use]
    pub fn effective_tls(&self) -> MailTls {
        match (self.tls, self.port) {
            (Some(tls), _) => tls,
            (None, Some(465)) => MailTls::Implicit,
            (None, _) => MailTls::Starttls,
        }
    }

    /// The server's port, said or not.
    #[must_use]
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(match self.effective_tls() {
            MailTls::Implicit => 465,
            MailTls::Starttls => 587,
            MailTls::None => 25,
        })
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_texts()?;
        self.check_server()?;
        given("mail.port", self.port, 1..=65_535)?;
        within("mail.timeout_ms", self.timeout_ms, 1..=HOUR_MS)?;
        within("mail.concurrency", self.concurrency, 1..=256)?;
        within("mail.max_tries", self.max_tries, 1..=10_000)?;
        within("mail.retry_min_ms", self.retry_min_ms, 1..=DAY_MS)?;
        within(
            "mail.retry_max_ms",
            self.retry_max_ms,
            self.retry_min_ms..=DAY_MS,
        )?;
        for (key, kept) in [
            ("mail.keep_captured_ms", self.keep_captured_ms),
            ("mail.keep_failed_ms", self.keep_failed_ms),
            ("mail.keep_sent_ms", self.keep_sent_ms),
        ] {
            within(key, kept, 0..=3_660 * DAY_MS)?;
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), ConfigError> {
        for (key, text) in [
            ("mail.from", &self.from),
            ("mail.reply_to", &self.reply_to),
            ("mail.server", &self.server),
            ("mail.username", &self.username),
            ("mail.password", &self.password),
            ("mail.hello", &self.hello),
        ] {
            let fits =
                |text: &str| (1..=1_024).contains(&text.len()) && !text.contains(char::is_control);
            if !text.as_deref().is_none_or(fits) {
                let rule = "must be 1 to 1024 bytes of text without control characters";
                return Err(ConfigError::wrong(key, rule));
            }
        }
        for (key, name) in [("mail.server", &self.server), ("mail.hello", &self.hello)] {
            if name.as_deref().is_some_and(|name| !is_host(name)) {
                let rule = "must be a host's name or address, such as \"smtp.example.com\"";
                return Err(ConfigError::wrong(key, rule));
            }
        }
        Ok(())
    }

    fn check_server(&self) -> Result<(), ConfigError> {
        if self.username.is_some() != self.password.is_some() {
            let rule = "takes `username` and `password` together, or neither";
            return Err(ConfigError::wrong("mail", rule));
        }
        let Some(server) = &self.server else {
            return Ok(());
        };
        if self.from.is_none() {
            let rule = "must be set when there is a server: who mails are from";
            return Err(ConfigError::wrong("mail.from", rule));
        }
        let plain = self.effective_tls() == MailTls::None;
        if plain && !self.allow_plain && !is_loopback(server) {
            let rule = "must be \"starttls\" or \"implicit\" for a server beyond this machine: mails carry one-time tokens; `mail.allow_plain = true` says that the network is trusted";
            return Err(ConfigError::wrong("mail.tls", rule));
        }
        Ok(())
    }
}

/// Whether `name` can be a host's: letters, digits and what addresses are made of.
fn is_host(name: &str) -> bool {
    name.len() <= 253
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
}

fn is_loopback(server: &str) -> bool {
    server.eq_ignore_ascii_case("localhost")
        || server
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
