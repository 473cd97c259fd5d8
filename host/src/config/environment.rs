//! Environment variables as configuration: `VESTIBULE_HTTP__LISTEN` is `http.listen`.
//!
//! `__` separates, names are in snake case; where the file has names of the operator's or a build's own (components,
//! buckets, a component's values), `_` stands for `-`. Any text may also come from a file: `VESTIBULE_…_FILE` names it.
//! A list is TOML (`["a", "b"]`), or its parts separated by commas.

use std::io::Read as _;

use toml::{Table, Value};

use super::error::{ConfigError, Place, shown};
use super::known::{KNOWN, Known, join};

const PREFIX: &str = "VESTIBULE_";

/// Variables that programs use and that are no keys.
const NOT_KEYS: [&str; 8] = [
    "VESTIBULE_DATA",
    "VESTIBULE_CONFIG",
    "VESTIBULE_URL",
    "VESTIBULE_ADMIN_URL",
    "VESTIBULE_KEY",
    "VESTIBULE_CA_FILE",
    "VESTIBULE_COMPONENTS",
    "VESTIBULE_LOG",
];

/// The largest file that a `…_FILE` variable may name, in bytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The process's variables that begin with `VESTIBULE_`.
///
/// # Errors
/// [`ConfigError::NotUnicode`] for one whose value is not UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            if !name.starts_with(PREFIX) {
                return None;
            }
            Some(match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(ConfigError::NotUnicode(name)),
            })
        })
        .collect()
}

/// Puts what `variables` say into `table`, over what is there.
pub(super) fn overlay(
    table: &mut Table,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    let mut variables: Vec<_> = variables
        .filter(|(name, _)| name.starts_with(PREFIX) && !NOT_KEYS.contains(&name.as_str()))
        .collect();
    // In the order of their names, so that the same environment always meets the same error.
    variables.sort();
    let mut set: Vec<Vec<String>> = Vec::new();
    for (name, text) in variables {
        let target = locate(&name)?;
        let text = match target.from_file {
            true => read(&name, &text)?,
            false => text,
        };
        let value = target.known.parse(&name, text)?;
        if set.contains(&target.path) {
            return Err(ConfigError::wrong(
                name,
                "sets a key that another variable sets too",
            ));
        }
        insert(table, &target.path, value);
        set.push(target.path);
    }
    Ok(())
}

/// The key a variable stands for.
struct Target {
    path: Vec<String>,
    known: &'static Known,
    from_file: bool,
}

fn locate(variable: &str) -> Result<Target, ConfigError> {
    let mut known = &*KNOWN;
    let mut path = Vec::new();
    let mut from_file = false;
    let name = variable
        .strip_prefix(PREFIX)
        .unwrap_or(variable)
        .to_lowercase();
    let mut segments = name.split("__").peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let file = segment.strip_suffix("_file").filter(|_| last);
        known = match known {
            Known::Table(keys) => {
                let (key, found) = match (keys.get(segment), file) {
                    (Some(found), _) => (segment, found),
                    (None, Some(stem)) if matches!(keys.get(stem), Some(Known::Text)) => {
                        from_file = true;
                        (stem, &keys[stem])
                    }
                    _ => return Err(unknown(variable, known, &path, segment)),
                };
                path.push(key.to_owned());
                found
            }
            Known::Map(each) => {
                from_file = file.is_some() && **each == Known::Any;
                let key = file.filter(|_| from_file).unwrap_or(segment);
                path.push(key.replace('_', "-"));
                each
            }
            _ => return Err(unknown(variable, known, &path, segment)),
        };
    }
    Ok(Target {
        path,
        known,
        from_file,
    })
}

fn unknown(variable: &str, known: &Known, path: &[String], segment: &str) -> ConfigError {
    ConfigError::UnknownKey {
        key: shown(variable),
        place: Place::Environment,
        hint: known.hint(&path.join("."), segment, spell),
    }
}

/// The variable for the key at `path`.
fn spell(path: &str) -> String {
    let name = path.replace('.', "__").replace('-', "_").to_uppercase();
    format!("{PREFIX}{name}")
}

fn read(variable: &str, path: &str) -> Result<String, ConfigError> {
    let unreadable = |reason| ConfigError::UnreadableSecret {
        variable: variable.to_owned(),
        reason,
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_SECRET_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_SECRET_BYTES {
        return Err(ConfigError::wrong(
            variable,
            "names a file that is larger than 64 KiB",
        ));
    }
    // Editors and `echo` end a file with a newline that is no part of the secret.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl Known {
    /// The value that `text`, of an environment variable, stands for.
    fn parse(&self, variable: &str, text: String) -> Result<Value, ConfigError> {
        let wrong = || ConfigError::wrong(variable, self.rule());
        match self {
            Self::Text => Ok(Value::String(text)),
            Self::Integer => text.trim().parse().map(Value::Integer).map_err(|_| wrong()),
            Self::Bool => text.trim().parse().map(Value::Boolean).map_err(|_| wrong()),
            Self::List(_) if text.trim_start().starts_with('[') => {
                inline(&text).filter(Value::is_array).ok_or_else(wrong)
            }
            Self::List(each) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| each.parse(variable, part.to_owned()))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            // The build says what it is; text that happens to be a TOML number or truth value is taken as that.
            Self::Any => Ok(match inline(&text) {
                Some(value @ (Value::Integer(_) | Value::Boolean(_))) => value,
                _ => Value::String(text),
            }),
            Self::Table(keys) => {
                let example = keys.keys().next().map_or("", String::as_str);
                let path = variable.strip_prefix(PREFIX).unwrap_or(variable);
                Err(ConfigError::wrong(
                    variable,
                    format!(
                        "is a table: set its keys, such as {}",
                        spell(&join(path, example))
                    ),
                ))
            }
            Self::Map(_) => Err(ConfigError::wrong(
                variable,
                "is a table: set its keys one by one",
            )),
        }
    }
}

/// `text` as a TOML value.
fn inline(text: &str) -> Option<Value> {
    // A line break would let the text carry further keys.
    if text.contains(['\n', '\r']) {
        return None;
    }
    let mut table: Table = toml::from_str(&format!("v = {text}")).ok()?;
    table.remove("v")
}

/// Sets `path` in `table`. Whatever is no table on the way there was refused when the file was checked.
fn insert(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            table.insert(key.clone(), value);
        }
        [key, rest @ ..] => {
            let inner = table
                .entry(key.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
