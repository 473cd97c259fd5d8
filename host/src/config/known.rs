//! Which keys there are and what their values look like, taken from the configuration's own types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use toml::Value;

use super::{
    Bucket, Component, ComponentLimits, Config, Deploy, Links, Mail, MailTls, Registry,
    RootKeySource, Tls,
};
use crate::builds::tagged::Tagged;
use crate::sandbox::Digest;

/// What may stand at a place of the configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// These keys and no others.
    Table(BTreeMap<String, Known>),
    /// Any names, in kebab-case, each with such a value.
    Map(Box<Known>),
    /// A list of such values.
    List(Box<Known>),
    Text,
    Integer,
    Bool,
    /// Whatever a component's build declares.
    Any,
}

/// Stands for any name in the specimen.
const ANY_NAME: &str = "*";

/// The whole configuration.
pub(super) static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let specimen = Value::try_from(specimen());
    known(&specimen.unwrap_or(Value::Table(toml::Table::new())))
});

/// A configuration in which every key has a value. The default lacks what is optional, and has empty lists and maps:
/// those are filled here.
fn specimen() -> Config {
    let number = 1;
    let component = Component {
        grants: Some(vec![String::new()]),
        file: Some("".into()),
        limits: ComponentLimits {
            memory_bytes: Some(1),
            cpu_ms: Some(number),
            wall_ms: Some(number),
            host_call_bytes: Some(number),
            host_calls: Some(number),
            log_lines: Some(1),
        },
        // An empty list stands for any value.
        config: BTreeMap::from([(ANY_NAME.to_owned(), Value::Array(Vec::new()))]),
    };
    let bucket = Bucket {
        burst: 1,
        period_ms: number,
        persistent: false,
    };
    let mut config = Config {
        tls: Tls {
            certificate: Some("".into()),
            key: Some("".into()),
        },
        root_key: RootKeySource {
            file: Some("".into()),
            command: Some(vec![String::new()]),
        },
        links: Links {
            verify_email: Some(String::new()),
            new_password: Some(String::new()),
        },
        buckets: BTreeMap::from([(ANY_NAME.to_owned(), bucket)]),
        components: BTreeMap::from([(ANY_NAME.to_owned(), component)]),
        mail: Mail {
            from: Some(String::new()),
            reply_to: Some(String::new()),
            server: Some(String::new()),
            port: Some(1),
            tls: Some(MailTls::Starttls),
            username: Some(String::new()),
            password: Some(String::new()),
            ca_file: Some("".into()),
            hello: Some(String::new()),
            ..Mail::default()
        },
        deploy: deploy(),
        ..Config::default()
    };
    config.http.trusted_proxies = vec![ipnet::IpNet::from(std::net::IpAddr::from([127, 0, 0, 1]))];
    config.planes.user = vec![String::new()];
    config.planes.public = vec![String::new()];
    config.auth.jwt = Some(String::new());
    config.auth.api_token = Some(String::new());
    config.asyncapi.bare = vec![String::new()];
    config
}

/// Keys and digests have no default: any of them will do.
fn deploy() -> Deploy {
    let registry = Registry {
        host: String::new(),
        username: String::new(),
        password: String::new(),
    };
    let any_key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    Deploy {
        trust: any_key.parse().into_iter().collect(),
        pinned: BTreeMap::from([(ANY_NAME.to_owned(), Tagged(Digest::of(b"")))]),
        registries: BTreeMap::from([(ANY_NAME.to_owned(), registry)]),
        ..Deploy::default()
    }
}

fn known(value: &Value) -> Known {
    match value {
        Value::Table(table) => match table.get(ANY_NAME) {
            Some(value) => Known::Map(known(value).into()),
            None => Known::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.clone(), known(value)))
                    .collect(),
            ),
        },
        Value::Array(list) => match list.first() {
            Some(value) => Known::List(known(value).into()),
            None => Known::Any,
        },
        Value::Integer(_) => Known::Integer,
        Value::Boolean(_) => Known::Bool,
        Value::String(_) | Value::Float(_) | Value::Datetime(_) => Known::Text,
    }
}

impl Known {
    /// What a value must be, as the rest of a sentence that begins with its key.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::Table(_) | Self::Map(_) => "must be a table",
            Self::List(_) => "must be a list",
            Self::Text => "must be text in quotes",
            Self::Integer => "must be a whole number",
            Self::Bool => "must be `true` or `false`",
            Self::Any => "must be a value",
        }
    }

    /// What to say about `name`, which is not one of this table's keys; `path` leads to the table.
    pub(super) fn hint(&self, path: &str, name: &str, spell: fn(&str) -> String) -> String {
        let Self::Table(keys) = self else {
            return format!("`{}` has no keys", spell(path));
        };
        let nearest = keys
            .keys()
            .map(|key| (strsim::damerau_levenshtein(key, name), key))
            .min()
            .filter(|(distance, key)| *distance <= key.len().max(6) / 3);
        let suggestions = match nearest {
            Some((_, key)) => vec![join(path, key)],
            None => KNOWN.elsewhere(name),
        };
        if suggestions.is_empty() {
            let names: Vec<_> = keys.keys().map(|key| spell(&join(path, key))).collect();
            return format!("known here: {}", names.join(", "));
        }
        let quoted: Vec<_> = suggestions
            .iter()
            .map(|key| format!("`{}`", spell(key)))
            .collect();
        format!("did you mean {}?", quoted.join(" or "))
    }

    /// The paths of all keys called `name`, or that would be if `_` were a separator.
    fn elsewhere(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.find(name, "", &mut found);
        found
    }

    fn find(&self, name: &str, path: &str, found: &mut Vec<String>) {
        let Self::Table(keys) = self else { return };
        for (key, known) in keys {
            let path = join(path, key);
            if key == name || path.replace('.', "_") == name {
                found.push(path.clone());
            }
            known.find(name, &path, found);
        }
    }
}

/// `path.key`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_known() {
        let Known::Table(keys) = &*KNOWN else {
            panic!("the configuration is a table");
        };
        let Known::Table(http) = &keys["http"] else {
            panic!("http is a table");
        };
        assert_eq!(http["listen"], Known::Text);
        assert_eq!(http["trusted_proxies"], Known::List(Known::Text.into()));
        assert_eq!(http["max_body_bytes"], Known::Integer);
        let Known::Map(component) = &keys["components"] else {
            panic!("components go by name");
        };
        let Known::Table(component) = &**component else {
            panic!("a component is a table");
        };
        assert_eq!(component["config"], Known::Map(Known::Any.into()));
    }
}
