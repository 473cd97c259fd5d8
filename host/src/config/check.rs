//! The rules that a configuration keeps beyond its types.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::pattern::{CommandPattern, is_name};
use super::{Bucket, Config, ConfigError, Limits, Passwords};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
pub(super) const HOUR_MS: u64 = 60 * 60 * 1000;

/// The address space of one sandbox's memory in the pool; no component can be given more.
const MAX_MEMORY_BYTES: u64 = 256 * MIB;

impl Config {
    /// Checks what the types cannot say. [`Config::load`] does it; an embedder's own configuration is checked by the host's builder.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] for the first rule that is broken, with the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_root_key()?;
        within(
            "http.max_body_bytes",
            self.http.max_body_bytes,
            1..=16 * MIB,
        )?;
        within(
            "http.max_connections",
            self.http.max_connections,
            1..=100_000,
        )?;
        within(
            "http.read_timeout_ms",
            self.http.read_timeout_ms,
            1..=HOUR_MS,
        )?;
        within(
            "http.idle_timeout_ms",
            self.http.idle_timeout_ms,
            1..=HOUR_MS,
        )?;
        within("http.drain_ms", self.http.drain_ms, 0..=HOUR_MS)?;
        self.check_shared()?;
        self.links.check()?;
        patterns("planes.user", &self.planes.user)?;
        patterns("planes.public", &self.planes.public)?;
        command("auth.jwt", self.auth.jwt.as_deref())?;
        command("auth.api_token", self.auth.api_token.as_deref())?;
        check_limits(&self.limits)?;
        check_passwords(&self.passwords)?;
        within("audit.keep_days", self.audit.keep_days, 1..=36_500)?;
        for (name, bucket) in &self.buckets {
            let key = named("buckets", name)?;
            within(&format!("{key}.burst"), bucket.burst, Bucket::BURST)?;
            within(
                &format!("{key}.period_ms"),
                bucket.period_ms,
                Bucket::PERIOD_MS,
            )?;
        }
        self.mail.check()?;
        self.deploy.check()?;
        self.check_components()?;
        for (index, channel) in self.asyncapi.bare.iter().enumerate() {
            if !is_name(channel) {
                let key = format!("asyncapi.bare[{index}]");
                return Err(ConfigError::wrong(
                    key,
                    "must be a channel's name in kebab-case",
                ));
            }
        }
        Ok(())
    }

    fn check_root_key(&self) -> Result<(), ConfigError> {
        let source = &self.root_key;
        if source.file.is_some() && source.command.is_some() {
            return Err(ConfigError::wrong(
                "root_key",
                "takes `file` or `command`, not both: the root key has one source",
            ));
        }
        let program = source.command.as_ref().map(|command| command.first());
        if program.is_some_and(|program| program.is_none_or(String::is_empty)) {
            return Err(ConfigError::wrong(
                "root_key.command",
                "must name a program: [\"program\", \"argument\", …]",
            ));
        }
        Ok(())
    }

    fn check_shared(&self) -> Result<(), ConfigError> {
        for (key, value) in [
            ("shared.issuer", &self.shared.issuer),
            ("shared.audience", &self.shared.audience),
            ("shared.product_name", &self.shared.product_name),
        ] {
            if value.is_empty() || value.len() > 255 || value.chars().any(char::is_control) {
                return Err(ConfigError::wrong(
                    key,
                    "must be 1 to 255 bytes of text without control characters",
                ));
            }
        }
        if !is_origin(&self.shared.public_origin) {
            return Err(ConfigError::wrong(
                "shared.public_origin",
                "must be a scheme, a host and perhaps a port, such as \"https://auth.example.com\", without a path",
            ));
        }
        Ok(())
    }

    fn check_components(&self) -> Result<(), ConfigError> {
        for (channel, component) in &self.components {
            let key = named("components", channel)?;
            for (index, grant) in component.grants.iter().flatten().enumerate() {
                if !is_capability(grant) && grant.parse::<CommandPattern>().is_err() {
                    return Err(ConfigError::wrong(
                        format!("{key}.grants[{index}]"),
                        "must be a capability (`storage`), a command (`token/verify-token`) or a channel's commands (`token/*`)",
                    ));
                }
            }
            let limits = &component.limits;
            let at = |name: &str| format!("{key}.limits.{name}");
            given(&at("memory_bytes"), limits.memory_bytes, MEMORY)?;
            given(&at("cpu_ms"), limits.cpu_ms, 1..=HOUR_MS)?;
            given(&at("wall_ms"), limits.wall_ms, 1..=HOUR_MS)?;
            given(&at("host_call_bytes"), limits.host_call_bytes, 1..=u64::MAX)?;
            given(&at("host_calls"), limits.host_calls, 1..=u64::MAX)?;
            given(&at("log_lines"), limits.log_lines, 0..=100_000)?;
        }
        Ok(())
    }
}

const MEMORY: RangeInclusive<u64> = 64 * KIB..=MAX_MEMORY_BYTES;

fn check_limits(limits: &Limits) -> Result<(), ConfigError> {
    within("limits.memory_bytes", limits.memory_bytes, MEMORY)?;
    within("limits.cpu_ms", limits.cpu_ms, 1..=HOUR_MS)?;
    within("limits.wall_ms", limits.wall_ms, 1..=HOUR_MS)?;
    within("limits.depth", limits.depth, 1..=16)?;
    within(
        "limits.host_call_bytes",
        limits.host_call_bytes,
        1..=u64::MAX,
    )?;
    within("limits.host_calls", limits.host_calls, 1..=u64::MAX)?;
    within("limits.write_bytes", limits.write_bytes, 1..=64 * MIB)?;
    within("limits.log_lines", limits.log_lines, 0..=100_000)?;
    within("limits.concurrent", limits.concurrent, 1..=10_000)?;
    within("limits.waiting", limits.waiting, 0..=1_000_000)
}

/// The bounds of argon2 itself (RFC 9106 §3.1), and what a machine can give.
fn check_passwords(passwords: &Passwords) -> Result<(), ConfigError> {
    within("passwords.parallelism", passwords.parallelism, 1..=64)?;
    let least = 8 * u64::from(passwords.parallelism);
    within(
        "passwords.memory_kib",
        passwords.memory_kib,
        least..=4 * MIB,
    )?;
    within("passwords.iterations", passwords.iterations, 1..=1_000)?;
    within("passwords.workers", passwords.workers, 0..=1_024)?;
    within("passwords.queue", passwords.queue, 1..=1_000_000)
}

pub(super) fn within<N>(key: &str, number: N, range: RangeInclusive<u64>) -> Result<(), ConfigError>
where
    N: TryInto<u64>,
{
    if number.try_into().is_ok_and(|n| range.contains(&n)) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let rule = match most {
        u64::MAX => format!("must be at least {least}"),
        most => format!("must be from {least} to {most}"),
    };
    Err(ConfigError::wrong(key, rule))
}

pub(super) fn given<N>(
    key: &str,
    number: Option<N>,
    range: RangeInclusive<u64>,
) -> Result<(), ConfigError>
where
    N: TryInto<u64>,
{
    number.map_or(Ok(()), |number| within(key, number, range))
}

fn patterns(key: &str, patterns: &[String]) -> Result<(), ConfigError> {
    for (index, pattern) in patterns.iter().enumerate() {
        let parsed = pattern.parse::<CommandPattern>();
        parsed.map_err(|rule| broken(format!("{key}[{index}]"), rule))?;
    }
    Ok(())
}

fn command(key: &str, command: Option<&str>) -> Result<(), ConfigError> {
    let rule = "must name one command: `channel/command`";
    match command {
        Some(text) if text.ends_with('*') => Err(broken(key, rule)),
        Some(text) => text
            .parse::<CommandPattern>()
            .map(|_| ())
            .map_err(|_| broken(key, rule)),
        None => Ok(()),
    }
}

/// `table.name`, if `name` can be one.
fn named(table: &str, name: &str) -> Result<String, ConfigError> {
    match is_name(name) {
        true => Ok(format!("{table}.{name}")),
        false => Err(ConfigError::wrong(
            format!("{table}.{}", super::error::shown(name)),
            "must be named in kebab-case, such as `api-tokens`",
        )),
    }
}

fn broken(key: impl Into<String>, rule: impl Display) -> ConfigError {
    ConfigError::wrong(key, rule.to_string())
}

/// Whether `text` is an origin (RFC 6454 §6.2) of `http` or `https`.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else {
        return false;
    };
    let rest = uri.path_and_query().map_or("", |path| path.as_str());
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'))
        && matches!(rest, "" | "/")
        && !text.ends_with('/')
}
/// `storage`, or one function of a capability: `caller.establish`.
fn is_capability(grant: &str) -> bool {
    match grant.split_once('.') {
        Some((capability, function)) => is_name(capability) && is_name(function),
        None => is_name(grant),
    }
}
