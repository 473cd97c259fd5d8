//! Replies: the JSON of a command to a message.

use bytes::Bytes;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use serde_json::Value as Json;

use super::shape::Shape;
use super::timestamp;
use crate::error::Failure;

/// A reply that is not what the protocol promises of it: the build answers something else.
#[derive(Debug, thiserror::Error)]
#[error("the reply does not fit the field {0}")]
struct Misfit(String);

impl Shape {
    /// The message for `reply`: what it has and the message does not is left out, and the other way round.
    ///
    /// # Errors
    /// `unknown` for a reply whose values are of other types.
    pub(super) fn encode(&self, reply: &Json) -> Result<Bytes, Failure> {
        let mut message = DynamicMessage::new(self.descriptor.clone());
        for leaf in &self.leaves {
            let Some(value) = find(reply, &leaf.json) else {
                continue;
            };
            let set = set(&mut message, &leaf.path, value);
            set.ok_or_else(|| Failure::unknown().because(Misfit(leaf.field.clone())))?;
        }
        Ok(message.encode_to_vec().into())
    }
}

fn find<'j>(reply: &'j Json, place: &str) -> Option<&'j Json> {
    let mut places = place.split('.');
    let found = places.try_fold(reply, |object, name| object.get(name))?;
    (!found.is_null()).then_some(found)
}

/// Sets the field at the end of `path`, and makes what it is in. None if the value does not fit.
fn set(message: &mut DynamicMessage, path: &[FieldDescriptor], value: &Json) -> Option<()> {
    let (field, rest) = path.split_first()?;
    if !rest.is_empty() {
        return set(message.get_field_mut(field).as_message_mut()?, rest, value);
    }
    let value = match (field.is_list(), value) {
        (true, Json::Array(elements)) => {
            let values = elements.iter().map(|element| proto_value(field, element));
            Value::List(values.collect::<Option<_>>()?)
        }
        (true, _) => return None,
        (false, value) => proto_value(field, value)?,
    };
    message.try_set_field(field, value).ok()
}

fn proto_value(field: &FieldDescriptor, value: &Json) -> Option<Value> {
    match (field.kind(), value) {
        (Kind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::String, Json::String(text)) => Some(Value::String(text.clone())),
        (Kind::Message(kind), Json::Number(millis)) if timestamp::is_timestamp(&kind) => {
            let timestamp = timestamp::from_millis(millis.as_u64()?, kind)?;
            Some(Value::Message(timestamp))
        }
        _ => None,
    }
}
