//! Bytes to JSON, with everything refused that two readers could understand differently.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::path::Path;
use super::{MAX_DEPTH, MAX_LIST, MAX_STRING_BYTES};
use crate::error::Violation;

/// Parses `bytes` as one JSON text (RFC 8259).
///
/// # Errors
///
/// Bytes that are not UTF-8 or not JSON, lone surrogates, a name that stands twice in an object, more than
/// [`MAX_DEPTH`] levels, arrays of more than [`MAX_LIST`] elements and strings of more than [`MAX_STRING_BYTES`]. The
/// violation never repeats what was sent but for an object's name, escaped and cut.
pub fn parse(bytes: &[u8]) -> Result<Value, Violation> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| Violation::new("", "the request is not UTF-8"))?;
    let found = RefCell::new(None);
    let seed = Seed {
        found: &found,
        path: Path::Root,
        depth: 0,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let result = seed
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value));
    result.map_err(|error| found.take().unwrap_or_else(|| not_json(&error)))
}

/// The parser's own sentences quote what they stumbled over.
fn not_json(error: &serde_json::Error) -> Violation {
    let message = if error.is_eof() {
        "the request is not JSON: it ends too early".to_owned()
    } else {
        format!(
            "the request is not JSON: see line {}, column {}",
            error.line(),
            error.column()
        )
    };
    Violation::new("", message)
}

/// A value somewhere in the text. What is wrong is left in `found`, since an error of the parser is only a sentence.
struct Seed<'a> {
    found: &'a RefCell<Option<Violation>>,
    path: Path<'a>,
    depth: usize,
}

impl Seed<'_> {
    fn refuse<E: serde::de::Error>(&self, path: &Path<'_>, message: impl Into<String>) -> E {
        let mut found = self.found.borrow_mut();
        found.get_or_insert_with(|| Violation::new(path.render(), message));
        E::custom("refused")
    }

    fn enter<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth == MAX_DEPTH {
            let message = format!("the request is nested more than {MAX_DEPTH} deep");
            // The path would be as long as the nesting.
            return Err(self.refuse(&Path::Root, message));
        }
        Ok(self.depth + 1)
    }

    fn check<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        if text.len() <= MAX_STRING_BYTES {
            return Ok(());
        }
        Err(self.refuse(&self.path, too_long()))
    }
}

pub(super) fn too_long() -> String {
    format!("must be at most {MAX_STRING_BYTES} bytes long")
}

pub(super) fn too_many() -> String {
    format!("must have at most {MAX_LIST} elements")
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.check(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.check(&value)?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        let mut elements = Vec::new();
        loop {
            if elements.len() > MAX_LIST {
                return Err(self.refuse(&self.path, too_many()));
            }
            let path = Path::Index(&self.path, elements.len());
            let found = self.found;
            match array.next_element_seed(Seed { found, path, depth })? {
                Some(element) => elements.push(element),
                None => return Ok(Value::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let path = Path::Unknown(&self.path, &name);
            if members.contains_key(&name) {
                return Err(self.refuse(&path, "stands twice in the same object"));
            }
            let found = self.found;
            let value = object.next_value_seed(Seed { found, path, depth })?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(bytes: &[u8]) -> (String, String) {
        let violation = parse(bytes).unwrap_err();
        (violation.path, violation.message)
    }

    #[test]
    fn json_is_parsed() {
        let text =
            br#" {"a":[1,-2,3.5,true,null,"\u00e9\ud83d\ude00"],"b":{"a":18446744073709551615}} "#;
        let value = parse(text).unwrap();
        assert_eq!(
            value,
            json!({"a": [1, -2, 3.5, true, null, "é😀"], "b": {"a": u64::MAX}})
        );
    }

    #[test]
    fn a_name_twice_is_refused_where_it_stands() {
        let (path, message) = refused(br#"{"a":[{"b":1,"b":2}]}"#);
        assert_eq!(
            (path.as_str(), message.as_str()),
            ("a[0].b", "stands twice in the same object")
        );
        assert_eq!(refused(br#"{"a":1,"\u0061":1}"#).0, "a");
    }

    #[test]
    fn what_is_not_json_is_refused_without_a_quote() {
        let texts: [&[u8]; 9] = [
            b"",
            b"{",
            b"{\"secret\":tru}",
            b"\xff\xfe",
            br#"["\ud800"]"#,
            br#"["\udc00secret"]"#,
            b"[1] secret",
            b"[1e999]",
            b"\"secret\x01\"",
        ];
        for text in texts {
            let (path, message) = refused(text);
            assert!(
                path.is_empty() && message.starts_with("the request is not"),
                "{message}"
            );
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn nesting_and_lengths_are_bounded() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        let (_, message) = refused(nested(MAX_DEPTH + 1).as_bytes());
        assert!(message.contains("deep"));
        assert!(refused("[".repeat(200_000).as_bytes()).1.contains("deep"));
        assert!(
            refused(r#"{"a":"#.repeat(200_000).as_bytes())
                .1
                .contains("deep")
        );

        let list = |elements: usize| format!("{{\"l\":[{}0]}}", "0,".repeat(elements - 1));
        assert!(parse(list(MAX_LIST).as_bytes()).is_ok());
        assert_eq!(refused(list(MAX_LIST + 1).as_bytes()).0, "l");

        let text = |bytes| format!("{{\"t\":\"{}\"}}", "x".repeat(bytes));
        assert!(parse(text(MAX_STRING_BYTES).as_bytes()).is_ok());
        assert_eq!(refused(text(MAX_STRING_BYTES + 1).as_bytes()).0, "t");
    }
}
