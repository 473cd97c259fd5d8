//! Requests: a message to the JSON of a command.

use std::borrow::Cow;

use bytes::Bytes;
use prost_reflect::{DynamicMessage, Value};
use serde_json::{Map, Value as Json};

use super::shape::{Leaf, Shape};
use super::timestamp;
use crate::error::{Failure, Violation};

impl Shape {
    /// The fields of the message `bytes`, as a command takes them.
    ///
    /// A message that is left out takes its fields with it; in one that is there, a text that was not set is empty and a list
    /// without elements too, for protobuf cannot tell the difference. Whether that is enough says the command.
    ///
    /// # Errors
    /// `bad-request` for what is no such message, and for values that nobody takes, with the message's fields.
    pub(super) fn decode(&self, bytes: Bytes) -> Result<Map<String, Json>, Failure> {
        let message = DynamicMessage::decode(self.descriptor.clone(), bytes).map_err(|cause| {
            let rule = format!("must be a protobuf message {}", self.descriptor.full_name());
            Failure::bad_request(vec![Violation::new("", rule)]).because(cause)
        })?;
        let mut request = Map::new();
        let mut violations = Vec::new();
        for leaf in &self.leaves {
            let Some(value) = leaf.value_in(&message) else {
                continue;
            };
            match json(&value) {
                Ok(value) => insert(&mut request, &leaf.json, value),
                Err(rule) => violations.push(Violation::new(&*leaf.field, rule)),
            }
        }
        match violations.is_empty() {
            true => Ok(request),
            false => Err(Failure::bad_request(violations)),
        }
    }
}

impl Leaf {
    /// None: it was left out, or what it is in.
    fn value_in<'m>(&self, message: &'m DynamicMessage) -> Option<Cow<'m, Value>> {
        let (last, outer) = self.path.split_last()?;
        let mut within = message;
        for field in outer {
            // What is there is borrowed; a default is made for what is not.
            within = match within.get_field(field) {
                Cow::Borrowed(Value::Message(inner)) => inner,
                _ => return None,
            };
        }
        (!last.supports_presence() || within.has_field(last)).then(|| within.get_field(last))
    }
}

fn json(value: &Value) -> Result<Json, &'static str> {
    match value {
        Value::Bool(value) => Ok((*value).into()),
        Value::String(text) => Ok(text.as_str().into()),
        Value::List(values) => values.iter().map(json).collect(),
        Value::Message(message) if timestamp::is_timestamp(&descriptor(message)) => {
            let millis = timestamp::to_millis(message);
            millis.map(Json::from).ok_or(timestamp::RULE)
        }
        _ => Err("is of a type that no command takes"),
    }
}

fn descriptor(message: &DynamicMessage) -> prost_reflect::MessageDescriptor {
    prost_reflect::ReflectMessage::descriptor(message)
}

/// Puts `value` at the place `metadata.name`.
fn insert(object: &mut Map<String, Json>, place: &str, value: Json) {
    let Some((outer, rest)) = place.split_once('.') else {
        object.insert(place.to_owned(), value);
        return;
    };
    let inner = object
        .entry(outer)
        .or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(inner) = inner {
        insert(inner, rest, value);
    }
}
