//! A message type as the places of its values, each with the place in a command's JSON.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::rpcs::PLACES;
use super::timestamp;

/// Messages of these services are nested less deeply.
const MAX_DEPTH: usize = 4;

/// A message type.
pub(super) struct Shape {
    pub(super) descriptor: MessageDescriptor,
    pub(super) leaves: Vec<Leaf>,
}

/// A field that holds a value and not further fields.
pub(super) struct Leaf {
    /// The way to it.
    pub(super) path: Vec<FieldDescriptor>,
    /// `token_metadata.expires_at`.
    pub(super) field: String,
    /// `metadata.expires_at`.
    pub(super) json: String,
}

impl Shape {
    /// `descriptor` without the fields `ignored`.
    pub(super) fn new(descriptor: MessageDescriptor, ignored: &[&str]) -> Self {
        let mut leaves = Vec::new();
        collect(&descriptor, &[], &mut leaves);
        leaves.retain(|leaf| !ignored.contains(&&*leaf.field));
        Self { descriptor, leaves }
    }

    /// What the message calls the place `json` of a request: the path of a violation.
    pub(super) fn field(&self, json: &str) -> String {
        let found = self.leaves.iter().find_map(|leaf| leaf.at(json));
        found.unwrap_or_else(|| json.to_owned())
    }
}

impl Leaf {
    fn new(path: Vec<FieldDescriptor>) -> Self {
        let names: Vec<_> = path.iter().map(FieldDescriptor::name).collect();
        let field = names.join(".");
        let place = PLACES.iter().find(|(name, _)| *name == field);
        let json = place.map_or(&*field, |(_, json)| json).to_owned();
        Self { path, field, json }
    }

    /// The place `json`, if it is this field, something in it, or what it is in.
    fn at(&self, json: &str) -> Option<String> {
        if let Some(rest) = json.strip_prefix(&*self.json)
            && (rest.is_empty() || rest.starts_with(['.', '[']))
        {
            return Some(format!("{}{rest}", self.field));
        }
        let inner = self.json.strip_prefix(json)?;
        let outer = self.field.strip_suffix(inner)?;
        (inner.starts_with('.') && !json.is_empty()).then(|| outer.to_owned())
    }
}

fn collect(message: &MessageDescriptor, way: &[FieldDescriptor], leaves: &mut Vec<Leaf>) {
    for field in message.fields() {
        let mut path = way.to_vec();
        path.push(field.clone());
        match field.kind() {
            Kind::Message(inner) if !is_value(&field, &inner) && path.len() < MAX_DEPTH => {
                collect(&inner, &path, leaves);
            }
            _ => leaves.push(Leaf::new(path)),
        }
    }
}

fn is_value(field: &FieldDescriptor, message: &MessageDescriptor) -> bool {
    field.is_list() || timestamp::is_timestamp(message)
}
