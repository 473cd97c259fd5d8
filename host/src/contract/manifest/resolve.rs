//! An operator's values, checked against what a build declares.

use std::collections::BTreeMap;
use std::fmt;

use super::{ConfigKey, ConfigType, Manifest};

/// A configured value that does not fit. It does not repeat the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigViolation {
    /// The key's name as it stands in the configuration.
    pub name: String,
    /// What is wrong: "must be a duration, …".
    pub message: String,
}

impl fmt::Display for ConfigViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.message)
    }
}

impl Manifest {
    /// The values a component is given: the operator's, else the defaults; a key with neither is absent.
    ///
    /// A duration becomes decimal milliseconds, a bool `true` or `false`, an integer its decimal digits.
    ///
    /// # Errors
    ///
    /// Every name that the build does not declare, with the nearest that it does, and every value of a wrong type or that
    /// its check refuses.
    pub fn resolve(
        &self,
        configured: &BTreeMap<String, toml::Value>,
    ) -> Result<BTreeMap<String, String>, Vec<ConfigViolation>> {
        let mut violations = Vec::new();
        let mut resolved = BTreeMap::new();
        for name in configured.keys() {
            if !self.config.iter().any(|key| key.name == *name) {
                violations.push(self.unknown(name));
            }
        }
        for key in &self.config {
            let default = || key.default.clone().map(toml::Value::String);
            let Some(value) = configured.get(&key.name).cloned().or_else(default) else {
                continue;
            };
            match key.read(&value) {
                Ok(value) => {
                    resolved.insert(key.name.clone(), value);
                }
                Err(message) => violations.push(ConfigViolation {
                    name: key.name.clone(),
                    message,
                }),
            }
        }
        if violations.is_empty() {
            Ok(resolved)
        } else {
            Err(violations)
        }
    }

    fn unknown(&self, name: &str) -> ConfigViolation {
        let nearest = self
            .config
            .iter()
            .map(|key| (strsim::jaro_winkler(&key.name, name), &key.name))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        let message = match nearest {
            Some((_, nearest)) => {
                format!("is not a key of this build; did you mean `{nearest}`?")
            }
            None if self.config.is_empty() => {
                "is not a key of this build, which has none".to_owned()
            }
            None => format!(
                "is not a key of this build, which has {}",
                self.config
                    .iter()
                    .map(|key| format!("`{}`", key.name))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        ConfigViolation {
            name: name.to_owned(),
            message,
        }
    }
}

impl ConfigKey {
    /// `value` as the component is given it.
    ///
    /// # Errors
    ///
    /// The rule that it breaks, without the value.
    pub fn read(&self, value: &toml::Value) -> Result<String, String> {
        let value = normalise(self.kind, value)?;
        match &self.check {
            Some(check) if !check.accepts(&value) => Err(check.rule.clone()),
            _ => Ok(value),
        }
    }
}

/// `value` as its type has it, or the rule it breaks. Text is accepted for every type: a value may come from the environment.
fn normalise(kind: ConfigType, value: &toml::Value) -> Result<String, &'static str> {
    use toml::Value::{Boolean, Integer, String};
    match (kind, value) {
        (ConfigType::Duration, Integer(milliseconds)) => u64::try_from(*milliseconds)
            .ok()
            .map(|milliseconds| milliseconds.to_string()),
        (ConfigType::Duration, String(text)) => {
            milliseconds(text).map(|milliseconds| milliseconds.to_string())
        }
        (ConfigType::String, String(text)) => Some(text.clone()),
        (ConfigType::Bool, Boolean(value)) => Some(value.to_string()),
        (ConfigType::Bool, String(text)) => matches!(text.as_str(), "true" | "false").then(|| text.clone()),
        (ConfigType::Integer, Integer(value)) => Some(value.to_string()),
        (ConfigType::Integer, String(text)) => text.parse::<i64>().ok().map(|value| value.to_string()),
        (ConfigType::Url, String(text)) => is_url(text).then(|| text.clone()),
        _ => None,
    }
    .ok_or(match kind {
        ConfigType::Duration => "must be a duration: \"10m\", \"30 s\", \"24h\", \"7d\", \"250ms\", or a number of milliseconds",
        ConfigType::String => "must be a text in quotes",
        ConfigType::Bool => "must be true or false",
        ConfigType::Integer => "must be a whole number",
        ConfigType::Url => "must be an absolute URL: \"https://example.org\"",
    })
}

/// `10m`, `30 s`, `24h`, `7d`, `250ms`; digits alone are milliseconds.
fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn is_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else {
        return false;
    };
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty())
        && text.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(
            br#"{"config": [
                {"name": "access-token-ttl", "type": "duration", "default": "10m"},
                {"name": "origin", "type": "url"},
                {"name": "strict", "type": "bool", "default": "false"},
                {"name": "most", "type": "integer", "check": {"pattern": "[1-9]|1[0-2]", "rule": "must be from 1 to 12"}},
                {"name": "product", "type": "string", "default": "Vestibule"}]}"#,
        )
        .unwrap()
    }

    fn resolve(text: &str) -> Result<BTreeMap<String, String>, Vec<ConfigViolation>> {
        manifest().resolve(&toml::from_str(text).unwrap())
    }

    #[test]
    fn defaults_stand_where_nothing_is_configured() {
        let resolved = resolve("").unwrap();
        let expected = [
            ("access-token-ttl", "600000"),
            ("product", "Vestibule"),
            ("strict", "false"),
        ];
        assert_eq!(resolved, expected.map(|(k, v)| (k.into(), v.into())).into());
    }

    #[test]
    fn values_are_typed() {
        let resolved = resolve(
            "access-token-ttl = '30 s'\norigin = 'https://a.example'\nstrict = true\nmost = 12\n",
        )
        .unwrap();
        assert_eq!(resolved["access-token-ttl"], "30000");
        assert_eq!(resolved["origin"], "https://a.example");
        assert_eq!(
            (resolved["strict"].as_str(), resolved["most"].as_str()),
            ("true", "12")
        );
        assert_eq!(
            resolve("access-token-ttl = 1500").unwrap()["access-token-ttl"],
            "1500"
        );
    }

    #[test]
    fn every_violation_is_told_without_its_value() {
        let text = "access-token-tll = '1s'\norigin = 'hunter2'\nstrict = 1\nmost = 1.5\nproduct = 3\naccess-token-ttl = -1\n";
        let violations = resolve(text).unwrap_err();
        assert_eq!(violations.len(), 6);
        assert!(
            violations[0]
                .message
                .ends_with("did you mean `access-token-ttl`?")
        );
        assert!(
            violations
                .iter()
                .all(|violation| !violation.to_string().contains("hunter2"))
        );
        let refused = resolve("most = 13").unwrap_err();
        assert_eq!(refused[0].to_string(), "`most` must be from 1 to 12");
        let unlike = resolve("zzz = 1").unwrap_err();
        assert!(unlike[0].message.contains("`product`"));
    }

    #[test]
    fn durations_are_read_as_written() {
        let good = [
            ("0", 0),
            ("250ms", 250),
            ("10m", 600_000),
            (" 2 min ", 120_000),
            ("24h", 86_400_000),
            ("30 d", 2_592_000_000),
        ];
        for (text, expected) in good {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "m",
            "-1s",
            "1.5h",
            "10 weeks",
            "1s 2",
            "99999999999999999999",
            "18446744073709551615d",
        ] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            for kind in [ConfigType::Duration, ConfigType::Bool, ConfigType::Integer, ConfigType::Url] {
                let _ = normalise(kind, &toml::Value::String(text.clone()));
            }
        }
    }
}
