//! Reading the configuration: file, then environment, then the rules.

use std::io::Read as _;
use std::path::Path;

use toml::{Table, Value};

use super::Config;
use super::environment::overlay;
use super::error::{ConfigError, Place, shown};
use super::known::{KNOWN, Known, join};

/// The largest configuration file, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

impl Config {
    /// Reads `file`, if there is one, puts the `VESTIBULE_…` variables among `environment` over it, and checks the whole.
    ///
    /// A key in neither has its default. See [`super::environment()`] for the process's own variables.
    ///
    /// # Errors
    /// For a file that cannot be read, a key that does not exist (with the nearest that does), and a value that breaks a
    /// rule. The error names the key and never repeats the value.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => read(path)?,
            None => String::new(),
        };
        Self::parse(&text, environment)
    }

    /// The same for a file's `text`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table: Table = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        check_table(&table, &KNOWN, "")?;
        overlay(&mut table, environment)?;
        let config: Self =
            serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
                let path = error.path().to_string();
                let rule = rule(&path, error.inner().message());
                ConfigError::wrong(path, rule)
            })?;
        config.check()?;
        Ok(config)
    }
}

/// Any bytes as a configuration file: for fuzzing. Must return.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(config) = Config::parse(&text, std::iter::empty()) {
        let written = toml::to_string(&config).expect("a configuration can be written");
        Config::parse(&written, std::iter::empty()).expect("what was written can be read");
    }
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    let variable = (format!("VESTIBULE_{name}"), value.to_owned());
    // A `…_FILE` variable reads files, which is not what is fuzzed.
    if !variable.0.to_lowercase().ends_with("_file") {
        let _ = Config::parse("", std::iter::once(variable));
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |reason| ConfigError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    let not_text = |rule| ConfigError::NotText {
        path: path.to_owned(),
        rule,
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(not_text("is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| not_text("is not UTF-8"))
}

/// The parser's message without the line it quotes, which may hold a secret.
fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    let what = match error.message() {
        // The only sentences with a part of the file in them.
        message if message.contains('`') || message.contains('"') => "something unexpected",
        message => message.lines().next().unwrap_or_default(),
    };
    ConfigError::Syntax {
        what: what.to_owned(),
        line,
        column,
    }
}

/// Refuses keys that do not exist and values of another kind.
fn check(value: &Value, known: &Known, path: &str) -> Result<(), ConfigError> {
    let fits = match (known, value) {
        (Known::Table(_) | Known::Map(_), Value::Table(table)) => {
            return check_table(table, known, path);
        }
        (Known::List(each), Value::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                check(value, each, &format!("{path}[{index}]"))?;
            }
            true
        }
        (Known::Text, Value::String(_))
        | (Known::Integer, Value::Integer(_))
        | (Known::Bool, Value::Boolean(_))
        | (Known::Any, _) => true,
        _ => false,
    };
    match fits {
        true => Ok(()),
        false => Err(ConfigError::wrong(path, known.rule())),
    }
}

fn check_table(table: &Table, known: &Known, path: &str) -> Result<(), ConfigError> {
    for (key, value) in table {
        let known = match known {
            Known::Map(each) => each,
            Known::Table(keys) => keys.get(key).ok_or_else(|| ConfigError::UnknownKey {
                key: join(path, &shown(key)),
                place: Place::File,
                hint: known.hint(path, key, str::to_owned),
            })?,
            _ => return Err(ConfigError::wrong(path, known.rule())),
        };
        check(value, known, &join(path, &shown(key)))?;
    }
    Ok(())
}

/// What the value at `path`, of the right kind, must be. `message` is serde's, which names a missing field and may
/// otherwise quote the value.
fn rule(path: &str, message: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or_default();
    let key = key.split('[').next().unwrap_or_default();
    match key {
        "listen" => "must be an address with a port, such as \"127.0.0.1:8080\"".to_owned(),
        "trusted_proxies" => "must be a network, such as \"10.0.0.0/8\"".to_owned(),
        "algorithm" => "must be \"EdDSA\" or \"ES256\"".to_owned(),
        "tls" => "must be \"starttls\", \"implicit\" or \"none\"".to_owned(),
        "format" => "must be \"text\" or \"json\"".to_owned(),
        // Sentences of ours, which do not quote.
        _ if path.starts_with("deploy.trust") || path.starts_with("deploy.pinned") => {
            message.lines().next().unwrap_or_default().to_owned()
        }
        _ if message.starts_with("missing field") => {
            let lines = message.lines().next().unwrap_or_default();
            format!("is incomplete: {lines}")
        }
        _ => "must be a whole number that is not negative and not too large".to_owned(),
    }
}
