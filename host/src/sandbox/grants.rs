//! Grants: which imports a component may have. They name capabilities and single commands of other channels.

use std::fmt;
use std::str::FromStr;

use crate::capability;
use crate::contract::Import;

/// One thing a component may import.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// A capability: `storage`. Of `caller` this is `get` alone.
    Capability(String),
    /// `caller.establish`: to say who the message acts for.
    Establish,
    /// A command of another channel: `token/verify-token`; or all of them: `token/*`.
    Command {
        /// The channel.
        channel: String,
        /// The command, or none for every one.
        command: Option<String>,
    },
}

/// What one component may import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

/// A grant that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a grant is a capability ({known}), `caller.establish`, `channel/command` or `channel/*`")]
pub struct GrantError {
    known: String,
}

/// Imports that were not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The channel whose configuration would grant them.
    pub channel: String,
    /// What is missing, as grants.
    pub grants: Vec<String>,
    /// The imports that ask for it.
    pub imports: Vec<String>,
}

impl Grants {
    /// The grants that `imports` need: what a bundled build is given when nothing is configured.
    #[must_use]
    pub fn needed_by(imports: &[Import]) -> Self {
        let mut grants: Vec<Grant> = imports
            .iter()
            .flat_map(needs)
            .map(|(grant, _)| grant)
            .collect();
        grants.sort();
        grants.dedup();
        Self(grants)
    }

    /// The grants that `names` spell.
    ///
    /// # Errors
    /// When one of them is no grant.
    pub fn parse(names: &[String]) -> Result<Self, GrantError> {
        names
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether everything that `imports` ask for is granted.
    ///
    /// # Errors
    /// All that is missing, at once.
    pub fn check(&self, channel: &str, imports: &[Import]) -> Result<(), Missing> {
        let mut missing = Missing {
            channel: channel.to_owned(),
            grants: Vec::new(),
            imports: Vec::new(),
        };
        for (needed, import) in imports.iter().flat_map(needs) {
            if !self.allows(&needed) {
                missing.grants.push(needed.to_string());
                missing.imports.push(import);
            }
        }
        match missing.grants.is_empty() {
            true => Ok(()),
            false => Err(missing),
        }
    }

    /// These and `others`.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        let mut grants = self.0.clone();
        grants.extend(others.0.iter().cloned());
        grants.sort();
        grants.dedup();
        Self(grants)
    }

    /// Those that `imports` ask for something of; and those that give them nothing.
    #[must_use]
    pub fn used_by(&self, imports: &[Import]) -> (Self, Self) {
        let needed: Vec<Grant> = imports
            .iter()
            .flat_map(needs)
            .map(|(grant, _)| grant)
            .collect();
        let is_used = |granted: &Grant| needed.iter().any(|needed| covers(granted, needed));
        let (used, unused) = self.0.iter().cloned().partition(is_used);
        (Self(used), Self(unused))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The grants as the configuration spells them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Whether the capability `name` is granted, in part or whole.
    pub(crate) fn has_capability(&self, name: &str) -> bool {
        self.0.iter().any(|grant| match grant {
            Grant::Capability(granted) => granted == name,
            Grant::Establish => name == "caller",
            Grant::Command { .. } => false,
        })
    }

    fn allows(&self, needed: &Grant) -> bool {
        self.0.iter().any(|granted| covers(granted, needed))
    }
}

fn covers(granted: &Grant, needed: &Grant) -> bool {
    match (granted, needed) {
        (
            Grant::Command {
                channel,
                command: None,
            },
            Grant::Command {
                channel: needed, ..
            },
        ) => channel == needed,
        (granted, needed) => granted == needed,
    }
}

/// The grants that one import needs, each with the import as the component spells it. WASI and types need none.
fn needs(import: &Import) -> Vec<(Grant, String)> {
    let Some((package, interface)) = split(&import.interface) else {
        return Vec::new();
    };
    let each = |grant: &dyn Fn(&str) -> Grant| {
        import
            .functions
            .iter()
            .map(|function| (grant(function), format!("{}#{function}", import.interface)))
            .collect::<Vec<_>>()
    };
    match package {
        "vestibule:capability" if interface == "caller" => each(&|function| match function {
            "establish" => Grant::Establish,
            _ => Grant::Capability("caller".to_owned()),
        }),
        "vestibule:capability" => {
            let grant = Grant::Capability(interface.to_owned());
            vec![(grant, import.interface.to_string())]
        }
        _ => match (package.strip_prefix("vestibule:"), interface) {
            (Some(channel), "commands") => each(&|function| Grant::Command {
                channel: channel.to_owned(),
                command: Some(function.to_owned()),
            }),
            _ => Vec::new(),
        },
    }
}

/// `vestibule:token/commands@1.0.0` as (`vestibule:token`, `commands`).
pub(crate) fn split(interface: &str) -> Option<(&str, &str)> {
    let unversioned = interface
        .split_once('@')
        .map_or(interface, |(name, _)| name);
    unversioned.split_once('/')
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(name: &str) -> Result<Self, GrantError> {
        if name == "caller.establish" {
            return Ok(Self::Establish);
        }
        if let Some((channel, command)) = name.split_once('/') {
            let command = (command != "*").then(|| command.to_owned());
            if is_kebab(channel) && command.as_deref().is_none_or(is_kebab) {
                return Ok(Self::Command {
                    channel: channel.to_owned(),
                    command,
                });
            }
        } else if capability::names().any(|known| known == name) {
            return Ok(Self::Capability(name.to_owned()));
        }
        Err(GrantError {
            known: capability::names().collect::<Vec<_>>().join(", "),
        })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capability(name) => f.write_str(name),
            Self::Establish => f.write_str("caller.establish"),
            Self::Command {
                channel,
                command: Some(command),
            } => write!(f, "{channel}/{command}"),
            Self::Command {
                channel,
                command: None,
            } => write!(f, "{channel}/*"),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the build imports {}, which is not granted; ",
            self.imports.join(", ")
        )?;
        let grants: Vec<String> = self
            .grants
            .iter()
            .map(|grant| format!("{grant:?}"))
            .collect();
        write!(
            f,
            "to grant it, add {} to `grants` under `[components.{}]`",
            grants.join(", "),
            self.channel
        )
    }
}

fn is_kebab(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(interface: &str, functions: &[&str]) -> Import {
        Import {
            interface: interface.into(),
            functions: functions.iter().map(|name| (*name).into()).collect(),
        }
    }

    fn grants(names: &[&str]) -> Grants {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Grants::parse(&names).unwrap()
    }

    #[test]
    fn a_granted_import_is_allowed_and_another_is_named() {
        let imports = [
            import("vestibule:capability/storage@1.0.0", &["get"]),
            import("wasi:io/error@0.2.6", &[]),
        ];
        assert_eq!(grants(&["storage"]).check("probe", &imports), Ok(()));
        let missing = grants(&["mail"]).check("probe", &imports).unwrap_err();
        assert_eq!(missing.grants, ["storage"]);
        let text = missing.to_string();
        assert!(
            text.contains("vestibule:capability/storage@1.0.0")
                && text.contains("[components.probe]"),
            "{text}"
        );
    }

    #[test]
    fn commands_are_granted_one_by_one_or_all() {
        let imports = [import(
            "vestibule:token/commands@1.0.0",
            &["verify-token", "revoke-subject"],
        )];
        assert_eq!(grants(&["token/*"]).check("a", &imports), Ok(()));
        let missing = grants(&["token/verify-token"])
            .check("a", &imports)
            .unwrap_err();
        assert_eq!(missing.grants, ["token/revoke-subject"]);
    }

    #[test]
    fn what_is_given_counts_if_it_is_asked_for() {
        let imports = [
            import("vestibule:capability/storage@1.0.0", &["get"]),
            import("vestibule:token/commands@1.0.0", &["verify-token"]),
        ];
        let (used, unused) =
            grants(&["mail", "storage", "token/*", "token/revoke-subject"]).used_by(&imports);
        assert_eq!(used, grants(&["storage", "token/*"]));
        assert_eq!(unused, grants(&["mail", "token/revoke-subject"]));
        assert_eq!(
            grants(&["b/*", "mail"])
                .and(&grants(&["mail", "a/b"]))
                .names()
                .len(),
            3
        );
    }

    #[test]
    fn asking_who_calls_does_not_grant_saying_who_calls() {
        let imports = [import(
            "vestibule:capability/caller@1.0.0",
            &["get", "establish"],
        )];
        assert_eq!(
            grants(&["caller"]).check("a", &imports).unwrap_err().grants,
            ["caller.establish"]
        );
        assert_eq!(
            grants(&["caller", "caller.establish"]).check("a", &imports),
            Ok(())
        );
    }

    #[test]
    fn a_name_that_is_no_capability_is_refused() {
        for name in ["", "disk", "storage.get", "/x", "token/", "Token/verify"] {
            assert!(name.parse::<Grant>().is_err(), "{name}");
        }
    }
}
