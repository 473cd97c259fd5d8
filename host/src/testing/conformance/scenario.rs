//! A scenario as its file spells it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A file of scenarios for one channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where it lies: `token/rotation.toml`.
    #[serde(skip)]
    pub path: String,
    /// The scenarios.
    pub scenario: Vec<Scenario>,
}

impl File {
    /// Reads the text of a file; `path` is what reports call it.
    ///
    /// # Errors
    /// What is no scenario, with its place in the text.
    pub fn parse(path: &str, text: &str) -> Result<Self, toml::de::Error> {
        let file: Self = toml::from_str(text)?;
        let path = path.to_owned();
        Ok(Self { path, ..file })
    }
}

/// One story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What holds.
    pub name: String,
    /// Which items of the security checklist it shows.
    #[serde(default)]
    pub covers: Vec<String>,
    /// The component's configuration.
    #[serde(default)]
    pub config: BTreeMap<String, toml::Value>,
    /// What happens.
    pub step: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Move the clock on by so many milliseconds first.
    #[serde(default)]
    pub advance_ms: u64,
    /// The command to send: `command`, or `channel/command` for one of another channel.
    pub call: Option<String>,
    /// For whom. None: for nobody.
    #[serde(rename = "as")]
    pub acting: Option<Acting>,
    /// Whether it comes with the operator's key.
    #[serde(default)]
    pub operator: bool,
    /// Its request.
    #[serde(default)]
    pub request: Value,
    /// The reply that it must give.
    pub reply: Option<Value>,
    /// Or the code it must be refused with.
    pub error: Option<String>,
    /// And the paths of the violations that it must name.
    #[serde(default)]
    pub violations: Vec<String>,
    /// Names of events that must have been published by now, all of them, in order.
    pub events: Option<Vec<String>>,
    /// Actions that must have been audited by now, the last ones, in order.
    pub audited: Option<Vec<String>>,
    /// The mails that must be queued by now, all of them, in order.
    pub mails: Option<Vec<Queued>>,
}

/// Whom a message acts for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acting {
    /// The account's id, or `"$name"`.
    pub id: String,
    /// Their roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What the credential is limited to. None: not limited.
    pub scopes: Option<Vec<String>>,
    /// How they proved who they are. None: a service says so.
    pub methods: Option<Vec<String>>,
}

/// A queued mail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queued {
    /// To whom.
    pub to: String,
    /// The subject line, or `"*"`.
    pub subject: String,
    /// What the text part has in it.
    #[serde(default)]
    pub text: Vec<String>,
}

impl Step {
    /// What it is called in a report.
    pub(super) fn name(&self) -> &str {
        self.call.as_deref().unwrap_or("-")
    }
}
