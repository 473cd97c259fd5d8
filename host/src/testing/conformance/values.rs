//! Values with names in them: what is filled into a request, and what a reply is compared with.

use serde_json::{Map, Value};

/// `request` with what was bound in its place.
pub(super) fn fill(request: &Value, bound: &Map<String, Value>) -> Result<Value, String> {
    Ok(match request {
        Value::String(text) => match text.strip_prefix('$') {
            Some(literal) if literal.starts_with('$') => Value::String(literal.to_owned()),
            Some(name) => {
                let (name, altered) = name
                    .strip_suffix('~')
                    .map_or((name, false), |name| (name, true));
                let value = bound
                    .get(name)
                    .ok_or_else(|| format!("${name} is not bound"))?;
                if altered {
                    alter(value)?
                } else {
                    value.clone()
                }
            }
            None => request.clone(),
        },
        Value::Object(fields) if fields.contains_key(TIMES) => repeated(fields)?,
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, bound)?)))
                .collect::<Result<_, String>>()?,
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| fill(item, bound))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

/// Says how often something stands there.
const TIMES: &str = "$times";

/// What `{"$times" = n, of = x}` stands for.
fn repeated(fields: &Map<String, Value>) -> Result<Value, String> {
    let times = fields[TIMES].as_u64().and_then(|n| n.try_into().ok());
    let times: usize = times.ok_or("`$times` is a whole number")?;
    match fields.get("of") {
        Some(Value::String(text)) => Ok(Value::String(text.repeat(times))),
        Some(Value::Array(items)) => {
            let all = std::iter::repeat_n(items, times).flatten();
            Ok(Value::Array(all.cloned().collect()))
        }
        _ => Err("`$times` repeats the text or the list that `of` names".to_owned()),
    }
}

/// A text with a character in its last quarter changed: the last one of a base64 text may carry bits that do not count.
fn alter(value: &Value) -> Result<Value, String> {
    let mut text = value
        .as_str()
        .ok_or("only a text can be altered")?
        .as_bytes()
        .to_vec();
    let at = text.len().saturating_sub(6);
    let byte = text.get_mut(at).ok_or("the text is empty")?;
    *byte = if *byte == b'A' { b'B' } else { b'A' };
    String::from_utf8(text)
        .map(Value::String)
        .map_err(|_| "only ASCII can be altered".to_owned())
}

/// Whether `found` is what `expected` says; what it binds is bound then.
pub(super) fn compare(
    expected: &Value,
    found: &Value,
    bound: &mut Map<String, Value>,
    path: &str,
) -> Result<(), String> {
    match (expected, found) {
        (Value::String(pattern), _) if pattern.starts_with('$') => match bound.get(&pattern[1..]) {
            Some(known) if known == found => Ok(()),
            Some(_) => Err(format!("{path} is not what {pattern} was")),
            None => {
                bound.insert(pattern[1..].to_owned(), found.clone());
                Ok(())
            }
        },
        (Value::String(pattern), _) if pattern.starts_with("!$") => {
            match bound.get(&pattern[2..]) {
                Some(known) if known != found => Ok(()),
                Some(_) => Err(format!("{path} is still {}", &pattern[1..])),
                None => Err(format!("{} is not bound", &pattern[1..])),
            }
        }
        (Value::String(pattern), Value::String(_)) if pattern == "*" => Ok(()),
        (Value::String(pattern), Value::Number(_)) if pattern == "#" => Ok(()),
        (Value::Object(expected), Value::Object(found)) => {
            if let Some(name) = found.keys().find(|name| !expected.contains_key(*name)) {
                return Err(format!("{path}.{name} was not expected"));
            }
            expected.iter().try_for_each(|(name, expected)| {
                let found = found
                    .get(name)
                    .ok_or_else(|| format!("{path}.{name} is missing"))?;
                compare(expected, found, bound, &format!("{path}.{name}"))
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => expected
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(n, (expected, found))| {
                compare(expected, found, bound, &format!("{path}[{n}]"))
            }),
        _ if expected == found => Ok(()),
        _ => Err(format!("{path} is not as expected")),
    }
}
