//! What a build says of itself: the schema of what it stores, what an operator may configure, and which replies carry
//! credentials.
//!
//! It is a custom section of JSON, in the component or in a module inside it. A build without one stores schema 0, has
//! nothing to configure, takes from buckets that the operator configures only, and its replies carry no credentials.
//!
//! ```json
//! {
//!   "schema": {"writes": 2, "reads": [1, 2]},
//!   "config": [{"name": "idle-ttl", "type": "duration", "default": "30 d", "doc": "How long it may stay unused."},
//!              {"name": "colour", "type": "string", "check": {"pattern": "#[0-9a-f]{6}", "rule": "must be as #rrggbb"}}],
//!   "buckets": [{"name": "issue", "burst": 30, "period_ms": 60000, "doc": "Issues a source a minute."}],
//!   "short_replies": ["issue"]
//! }
//! ```

mod check;
mod resolve;

use serde::Deserialize;

use crate::config::Bucket;

pub use check::ConfigCheck;
pub use resolve::ConfigViolation;

/// A build may declare so many configuration keys, schemas or commands with short replies.
const MAX_ENTRIES: usize = 256;

/// What a build says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    /// The schema of its stored values.
    pub schema: Schema,
    /// What may be configured.
    pub config: Vec<ConfigKey>,
    /// The buckets it takes from, with their figures where the operator configures none.
    pub buckets: Vec<DeclaredBucket>,
    /// The commands (kebab-case) whose stored replies carry credentials, so that they are kept for the refresh grace only.
    pub short_replies: Vec<String>,
}

/// Which stored values a build writes and understands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The version it writes.
    pub writes: u32,
    /// The versions it reads; the one it writes is among them.
    pub reads: Vec<u32>,
}

/// A key under `[components.<channel>.config]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigKey {
    /// The name in kebab-case.
    pub name: String,
    /// What its value is.
    #[serde(rename = "type")]
    pub kind: ConfigType,
    /// The value if the operator gives none, written as in the configuration file. Without one the key is absent then.
    #[serde(default)]
    pub default: Option<String>,
    /// What its value must be beyond its type; none: nothing.
    #[serde(default)]
    pub check: Option<ConfigCheck>,
    /// What it does.
    #[serde(default)]
    pub doc: String,
}

/// A bucket that a build takes from, as `[buckets.<name>]` would configure it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredBucket {
    /// The name in kebab-case.
    pub name: String,
    /// How many at once.
    pub burst: u32,
    /// In how many milliseconds an empty bucket is full again.
    pub period_ms: u64,
    /// Whether it survives a restart.
    #[serde(default)]
    pub persistent: bool,
    /// What is counted.
    #[serde(default)]
    pub doc: String,
}

impl From<&DeclaredBucket> for Bucket {
    fn from(declared: &DeclaredBucket) -> Self {
        Self {
            burst: declared.burst,
            period_ms: declared.period_ms,
            persistent: declared.persistent,
        }
    }
}

/// What a configured value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigType {
    /// A span of time: `"10m"`, `"30 s"`, `"24h"`, `"250ms"`, or a number of milliseconds. The component is given decimal milliseconds.
    Duration,
    /// Any text.
    String,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// An absolute `http` or `https` URL.
    Url,
}

/// Why a manifest cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// More than one section.
    #[error("there is more than one; a build says once what it is")]
    Twice,
    /// Larger than anybody needs.
    #[error("it is too large")]
    TooLarge,
    /// Not JSON, or not the JSON of a manifest.
    #[error("{0}")]
    NotReadable(String),
    /// It contradicts itself.
    #[error("{0}")]
    Inconsistent(String),
}

impl Default for Schema {
    fn default() -> Self {
        Self {
            writes: 0,
            reads: vec![0],
        }
    }
}

impl Manifest {
    /// The manifest in the sections that were found; the default if there is none.
    pub(super) fn from_sections(sections: &[Vec<u8>]) -> Result<Self, ManifestError> {
        match sections {
            [] => Ok(Self::default()),
            [section] => Self::parse(section),
            _ => Err(ManifestError::Twice),
        }
    }

    /// Parses the section's bytes.
    ///
    /// # Errors
    ///
    /// If it is not the JSON of a manifest, or contradicts itself: a key declared twice, a default that is not of its
    /// type, a written schema that is not read.
    pub fn parse(section: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(section.trim_ascii())
            .map_err(|error| ManifestError::NotReadable(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let inconsistent = |message: String| Err(ManifestError::Inconsistent(message));
        let lengths = [
            self.schema.reads.len(),
            self.config.len(),
            self.short_replies.len(),
            self.buckets.len(),
        ];
        if lengths.iter().any(|length| *length > MAX_ENTRIES) {
            return Err(ManifestError::TooLarge);
        }
        if !self.schema.reads.contains(&self.schema.writes) {
            let writes = self.schema.writes;
            return inconsistent(format!("it writes schema {writes} and does not read it"));
        }
        for (index, key) in self.config.iter().enumerate() {
            let name = &key.name;
            if wit_parser::validate_id(name).is_err() {
                return inconsistent(format!("the configuration key {name:?} is not kebab-case"));
            }
            if self.config[..index].iter().any(|other| other.name == *name) {
                return inconsistent(format!("the configuration key `{name}` is declared twice"));
            }
            if let Some(check) = &key.check
                && let Err(cause) = check.check()
            {
                return inconsistent(format!("the check of `{name}` {cause}"));
            }
            if let Some(default) = &key.default
                && let Err(rule) = key.read(&toml::Value::String(default.clone()))
            {
                return inconsistent(format!("the default of `{name}` {rule}"));
            }
        }
        self.check_buckets()
    }

    fn check_buckets(&self) -> Result<(), ManifestError> {
        for (index, bucket) in self.buckets.iter().enumerate() {
            let name = &bucket.name;
            let rule = if wit_parser::validate_id(name).is_err() {
                "is not kebab-case"
            } else if self.buckets[..index]
                .iter()
                .any(|other| other.name == *name)
            {
                "is declared twice"
            } else if !Bucket::BURST.contains(&bucket.burst.into()) {
                "has a `burst` out of bounds"
            } else if !Bucket::PERIOD_MS.contains(&bucket.period_ms) {
                "has a `period_ms` out of bounds"
            } else {
                continue;
            };
            let message = format!("the bucket {name:?} {rule}");
            return Err(ManifestError::Inconsistent(message));
        }
        Ok(())
    }

    /// The figures that the build gives the bucket `name`; none if it declares none of that name.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Option<&DeclaredBucket> {
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    /// Whether the stored replies of `command` (kebab-case) carry credentials.
    #[must_use]
    pub fn has_short_reply(&self, command: &str) -> bool {
        self.short_replies.iter().any(|name| name == command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(
            br#"{"schema": {"writes": 2, "reads": [1, 2]},
                 "config": [{"name": "ttl", "type": "duration", "default": "10m", "doc": "D."}],
                 "buckets": [{"name": "issue", "burst": 3, "period_ms": 60000, "doc": "D."}],
                 "short_replies": ["issue"]}"#,
        )
        .unwrap();
        assert_eq!(manifest.bucket("issue").map(|bucket| bucket.burst), Some(3));
        assert_eq!(manifest.bucket("other"), None);
        assert_eq!(manifest.schema.reads, [1, 2]);
        assert_eq!(manifest.config[0].kind, ConfigType::Duration);
        assert!(manifest.has_short_reply("issue") && !manifest.has_short_reply("check"));
    }

    #[test]
    fn no_section_means_defaults_and_two_are_refused() {
        let manifest = Manifest::from_sections(&[]).unwrap();
        assert_eq!(manifest, Manifest::default());
        assert_eq!(
            (manifest.schema.writes, manifest.schema.reads),
            (0, vec![0])
        );
        let twice = [b"{}".to_vec(), b"{}".to_vec()];
        assert_eq!(Manifest::from_sections(&twice), Err(ManifestError::Twice));
    }

    #[test]
    fn contradictions_are_refused() {
        let cases = [
            (r#"{"schema": {"writes": 2, "reads": [1]}}"#, "schema 2"),
            (
                r#"{"config": [{"name": "a", "type": "bool"}, {"name": "a", "type": "bool"}]}"#,
                "twice",
            ),
            (
                r#"{"config": [{"name": "a b", "type": "bool"}]}"#,
                "kebab-case",
            ),
            (
                r#"{"config": [{"name": "a", "type": "duration", "default": "soon"}]}"#,
                "default of `a`",
            ),
            (
                r#"{"config": [{"name": "a", "type": "string", "default": "b", "check": {"pattern": "a", "rule": "must be a"}}]}"#,
                "default of `a` must be a",
            ),
            (
                r#"{"config": [{"name": "a", "type": "string", "check": {"pattern": "(", "rule": "must be a"}}]}"#,
                "the check of `a`",
            ),
            (
                r#"{"config": [{"name": "a", "type": "colour"}]}"#,
                "unknown variant",
            ),
            (
                r#"{"buckets": [{"name": "a", "burst": 0, "period_ms": 1}]}"#,
                "`burst` out of bounds",
            ),
            (
                r#"{"buckets": [{"name": "a", "burst": 1, "period_ms": 0}]}"#,
                "`period_ms` out of bounds",
            ),
            (
                r#"{"buckets": [{"name": "a b", "burst": 1, "period_ms": 1}]}"#,
                "kebab-case",
            ),
            (
                r#"{"buckets": [{"name": "a", "burst": 1, "period_ms": 1},
                                {"name": "a", "burst": 2, "period_ms": 1}]}"#,
                "declared twice",
            ),
            (r#"{"konfig": []}"#, "unknown field"),
            ("[", "EOF"),
        ];
        for (text, part) in cases {
            let error = Manifest::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
