//! Types as JSON Schema, for the documents.
//!
//! The two documents speak different versions of it: OpenAPI 3.1 that of 2020-12, AsyncAPI 3.0 that of draft 07. They
//! differ here in tuples only, since what the newer one allows beside a `$ref` is not used.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::json::MAX_LIST;
use super::types::{Case, Field, Label, Named, Record, Type, Variant};
use super::{Channel, Command, Request};

/// Which version of JSON Schema a document speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Draft2020,
    Draft07,
}

/// A named type of a channel: the channel's prefix, the interface and the name.
type Key = (Arc<str>, Arc<str>, Arc<str>);

/// The schemas of a document, each named type once.
///
/// A type that a request reaches is closed (no further properties) and says that an option may be `null`; one that only
/// replies reach is open, so that a new field breaks no reader, and leaves absent options out.
pub(super) struct Schemas {
    dialect: Dialect,
    requested: HashSet<Key>,
    names: HashMap<Key, String>,
    components: BTreeMap<String, Value>,
}

impl Schemas {
    pub(super) fn new(dialect: Dialect, channels: &[&Channel]) -> Self {
        let mut requested = HashSet::new();
        for channel in channels {
            let prefix = prefix(channel);
            for command in &channel.commands {
                if let Request::Record(record) = &command.request {
                    mark(&prefix, &Type::Record(record.clone()), &mut requested);
                }
                for param in &command.params {
                    mark(&prefix, &param.ty, &mut requested);
                }
            }
        }
        Self {
            dialect,
            requested,
            names: HashMap::new(),
            components: BTreeMap::new(),
        }
    }

    /// The schemas that were referred to, by name.
    pub(super) fn into_components(self) -> Value {
        self.components.into_iter().collect::<Map<_, _>>().into()
    }

    /// A reference to the schema of `command`'s request.
    pub(super) fn request(&mut self, channel: &Channel, command: &Command) -> Value {
        let prefix = prefix(channel);
        match &command.request {
            Request::Record(record) => self.schema(&prefix, &Type::Record(record.clone()), true),
            Request::Params => {
                let schema = self.object(&prefix, &command.params, "", true);
                let name = format!("{prefix}.{}Request", pascal(&command.name));
                let name = self.free(name);
                self.components.insert(name.clone(), schema);
                reference(&name)
            }
        }
    }

    /// The schema of a command's reply `ty`.
    pub(super) fn reply(&mut self, channel: &Channel, ty: &Type) -> Value {
        self.schema(&prefix(channel), ty, false)
    }

    fn schema(&mut self, prefix: &Arc<str>, ty: &Type, requested: bool) -> Value {
        match ty.named() {
            Some(named) => self.named(prefix, named, ty),
            None => self.inline(prefix, ty, requested),
        }
    }

    fn named(&mut self, prefix: &Arc<str>, named: &Named, ty: &Type) -> Value {
        let key = (prefix.clone(), named.interface.clone(), named.name.clone());
        if let Some(name) = self.names.get(&key) {
            return reference(name);
        }
        let name = self.free(format!("{prefix}.{}", pascal(&named.name)));
        let requested = self.requested.contains(&key);
        self.names.insert(key, name.clone());
        // Holds the name until the schema is there: types do not refer to themselves.
        self.components.insert(name.clone(), Value::Null);
        let schema = self.inline(prefix, ty, requested);
        self.components.insert(name.clone(), schema);
        reference(&name)
    }

    /// `name`, or the first of `name2`, `name3`, … that nothing is called yet: two interfaces of a channel may use one
    /// name for different types.
    fn free(&self, name: String) -> String {
        let taken = |name: &String| self.components.contains_key(name);
        if !taken(&name) {
            return name;
        }
        (2..=usize::MAX)
            .map(|number| format!("{name}{number}"))
            .find(|name| !taken(name))
            .unwrap_or(name)
    }

    fn inline(&mut self, prefix: &Arc<str>, ty: &Type, requested: bool) -> Value {
        match ty {
            Type::Bool => json!({"type": "boolean"}),
            Type::U8 => integer(0, u8::MAX),
            Type::U16 => integer(0, u16::MAX),
            Type::U32 => integer(0, u32::MAX),
            Type::U64 => integer(0, u64::MAX),
            Type::S8 => integer(i8::MIN, i8::MAX),
            Type::S16 => integer(i16::MIN, i16::MAX),
            Type::S32 => integer(i32::MIN, i32::MAX),
            Type::S64 => integer(i64::MIN, i64::MAX),
            Type::F32 => json!({"type": "number", "format": "float"}),
            Type::F64 => json!({"type": "number", "format": "double"}),
            Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
            Type::String => json!({"type": "string"}),
            Type::Bytes => json!({
                "type": "string", "contentEncoding": "base64url", "pattern": "^[A-Za-z0-9_-]*$",
            }),
            Type::List(element) => {
                let items = self.schema(prefix, element, requested);
                let mut schema = json!({"type": "array", "items": items});
                if requested {
                    schema["maxItems"] = MAX_LIST.into();
                }
                schema
            }
            Type::Tuple(types) => {
                let items: Vec<_> = types
                    .iter()
                    .map(|ty| self.schema(prefix, ty, requested))
                    .collect();
                let length = items.len();
                let mut schema = json!({"type": "array", "minItems": length, "maxItems": length});
                let name = match self.dialect {
                    Dialect::Draft2020 => "prefixItems",
                    Dialect::Draft07 => "items",
                };
                schema[name] = items.into();
                schema
            }
            // Outside of an object, where it cannot be left out.
            Type::Option(some) => nullable(self.schema(prefix, some, requested)),
            Type::Result(result) => {
                let mut side = |name, ty: Option<&Type>| {
                    let value = ty.map_or_else(
                        || json!({"type": "null"}),
                        |ty| self.schema(prefix, ty, requested),
                    );
                    single(name, value)
                };
                let sides = [
                    side("ok", result.ok.as_ref()),
                    side("error", result.err.as_ref()),
                ];
                json!({"oneOf": sides})
            }
            Type::Record(record) => self.record(prefix, record, requested),
            Type::Variant(variant) => self.variant(prefix, variant, requested),
            Type::Enum(cases) => {
                let schema = json!({"type": "string", "enum": names(&cases.cases)});
                described(schema, &with_labels(&cases.named.docs, &cases.cases))
            }
            Type::Flags(flags) => {
                let items = json!({"type": "string", "enum": names(&flags.flags)});
                let schema = json!({"type": "array", "items": items, "uniqueItems": true});
                described(schema, &with_labels(&flags.named.docs, &flags.flags))
            }
        }
    }

    fn record(&mut self, prefix: &Arc<str>, record: &Record, requested: bool) -> Value {
        self.object(prefix, &record.fields, &record.named.docs, requested)
    }

    fn object(
        &mut self,
        prefix: &Arc<str>,
        fields: &[Field],
        docs: &str,
        requested: bool,
    ) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let schema = match &field.ty {
                Type::Option(some) => {
                    let schema = self.schema(prefix, some, requested);
                    let schema = field_schema(schema, some, &field.docs);
                    if requested { nullable(schema) } else { schema }
                }
                ty => {
                    required.push(Value::from(&*field.json));
                    field_schema(self.schema(prefix, ty, requested), ty, &field.docs)
                }
            };
            properties.insert(field.json.to_string(), schema);
        }
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        if requested {
            schema["additionalProperties"] = false.into();
        }
        described(schema, docs)
    }

    fn variant(&mut self, prefix: &Arc<str>, variant: &Variant, requested: bool) -> Value {
        let cases: Vec<_> = variant
            .cases
            .iter()
            .map(|case| self.case(prefix, case, requested))
            .collect();
        described(json!({"oneOf": cases}), &variant.named.docs)
    }

    fn case(&mut self, prefix: &Arc<str>, case: &Case, requested: bool) -> Value {
        let schema = match &case.ty {
            None => json!({"type": "string", "const": &*case.name}),
            Some(ty) => single(&case.name, self.schema(prefix, ty, requested)),
        };
        described(schema, &case.docs)
    }
}

/// A channel's name in the names of schemas; the major version stands there only when it is not the first.
fn prefix(channel: &Channel) -> Arc<str> {
    match channel.version.major {
        0 | 1 => channel.name.clone(),
        major => format!("{}.v{major}", channel.name).into(),
    }
}

fn mark(prefix: &Arc<str>, ty: &Type, requested: &mut HashSet<Key>) {
    if let Some(named) = ty.named() {
        let key = (prefix.clone(), named.interface.clone(), named.name.clone());
        if !requested.insert(key) {
            return;
        }
    }
    match ty {
        Type::List(inner) | Type::Option(inner) => mark(prefix, inner, requested),
        Type::Tuple(types) => types.iter().for_each(|ty| mark(prefix, ty, requested)),
        Type::Result(result) => {
            let sides = result.ok.iter().chain(&result.err);
            sides.for_each(|ty| mark(prefix, ty, requested));
        }
        Type::Record(record) => {
            let types = record.fields.iter().map(|field| &field.ty);
            types.for_each(|ty| mark(prefix, ty, requested));
        }
        Type::Variant(variant) => {
            let types = variant.cases.iter().filter_map(|case| case.ty.as_ref());
            types.for_each(|ty| mark(prefix, ty, requested));
        }
        _ => {}
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn integer(minimum: impl Into<Value>, maximum: impl Into<Value>) -> Value {
    json!({"type": "integer", "minimum": minimum.into(), "maximum": maximum.into()})
}

fn single(name: &str, value: Value) -> Value {
    json!({
        "type": "object", "properties": {name: value}, "required": [name], "additionalProperties": false,
    })
}

/// The schema of a field, with the field's own description. Draft 07 ignores what stands beside a `$ref`, so the
/// reference becomes a part; the type is repeated for readers that do not look into parts.
fn field_schema(schema: Value, ty: &Type, docs: &str) -> Value {
    if schema.get("$ref").is_none() || docs.is_empty() {
        return described(schema, docs);
    }
    let mut whole = json!({"allOf": [schema]});
    let kind = match ty {
        Type::Record(_) => Some("object"),
        Type::Enum(_) => Some("string"),
        Type::Flags(_) => Some("array"),
        _ => None,
    };
    if let Some(kind) = kind {
        whole["type"] = kind.into();
    }
    described(whole, docs)
}

/// `schema`, or null.
fn nullable(mut schema: Value) -> Value {
    let simple = ["enum", "const", "allOf", "$ref", "oneOf"]
        .iter()
        .all(|word| schema.get(word).is_none());
    match schema.get_mut("type") {
        Some(kind @ Value::String(_)) if simple => {
            *kind = json!([kind.take(), "null"]);
            schema
        }
        _ => {
            let docs = schema.as_object_mut().and_then(|s| s.remove("description"));
            let mut either = json!({"anyOf": [schema, {"type": "null"}]});
            if let Some(docs) = docs {
                either["description"] = docs;
            }
            either
        }
    }
}

fn described(mut schema: Value, docs: &str) -> Value {
    if !docs.is_empty() {
        schema["description"] = docs.into();
    }
    schema
}

fn names(labels: &[Label]) -> Vec<&str> {
    labels.iter().map(|label| &*label.name).collect()
}

/// A description with one line for each name that has one.
fn with_labels(docs: &str, labels: &[Label]) -> String {
    let lines: Vec<_> = labels
        .iter()
        .filter(|label| !label.docs.is_empty())
        .map(|label| format!("- `{}`: {}", label.name, label.docs.replace('\n', " ")))
        .collect();
    if lines.is_empty() {
        return docs.to_owned();
    }
    format!("{docs}\n\n{}", lines.join("\n")).trim().to_owned()
}

/// `open-door` as `OpenDoor`.
pub(super) fn pascal(name: &str) -> String {
    words(name).collect()
}

/// The words of a kebab-case name, each with a capital.
pub(super) fn words(name: &str) -> impl Iterator<Item = String> {
    name.split('-').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::testing::probe;

    fn schemas(dialect: Dialect, items: &str) -> Value {
        let contract = probe(items).unwrap();
        let channel = &contract.channels[0];
        let mut schemas = Schemas::new(dialect, &[channel]);
        for command in &channel.commands {
            schemas.request(channel, command);
            if let Some(reply) = &command.reply {
                schemas.reply(channel, reply);
            }
        }
        schemas.into_components()
    }

    #[test]
    fn requests_are_closed_and_replies_are_open() {
        let items = "record request { a: option<string>, b: both }\nrecord reply { a: option<string>, b: option<both> }\nrecord both { c: option<u8> }\n\
                     f: func(r: request) -> reply;";
        let schemas = schemas(Dialect::Draft2020, items);
        assert_eq!(
            schemas["probe.Request"],
            json!({
                "type": "object", "additionalProperties": false, "required": ["b"],
                "properties": {"a": {"type": ["string", "null"]}, "b": {"$ref": "#/components/schemas/probe.Both"}},
            })
        );
        assert_eq!(
            schemas["probe.Reply"],
            json!({
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"$ref": "#/components/schemas/probe.Both"}},
            })
        );
        assert_eq!(schemas["probe.Both"]["additionalProperties"], json!(false));
    }

    #[test]
    fn every_type_has_a_schema() {
        let items = "flags f { a-a, b }\nenum e { a-a, b }\nvariant v { one, two(e) }\n\
                     go: func(a: f, b: v, c: tuple<u8, s8>, d: result<_, e>, e: list<u8>, f: char, g: option<e>, h: list<option<f32>>);";
        let newer = schemas(Dialect::Draft2020, items);
        let request = &newer["probe.GoRequest"]["properties"];
        assert_eq!(newer["probe.F"]["items"]["enum"], json!(["a-a", "b"]));
        assert_eq!(newer["probe.V"]["oneOf"][0]["const"], json!("one"));
        assert_eq!(newer["probe.V"]["oneOf"][1]["required"], json!(["two"]));
        assert_eq!(request["c"]["prefixItems"][1]["minimum"], json!(-128));
        assert_eq!(
            request["d"]["oneOf"][0]["properties"]["ok"],
            json!({"type": "null"})
        );
        assert_eq!(request["e"]["contentEncoding"], json!("base64url"));
        assert_eq!(request["g"]["anyOf"][1], json!({"type": "null"}));
        assert_eq!(request["h"]["items"]["type"], json!(["number", "null"]));
        let older = schemas(Dialect::Draft07, items);
        assert_eq!(
            older["probe.GoRequest"]["properties"]["c"]["items"][0]["maximum"],
            json!(255)
        );
    }

    #[test]
    fn names_that_meet_are_kept_apart() {
        let items = "record go-request { a: u8 }\nf: func(x: go-request);\ngo: func(a: u8, b: u8);";
        let schemas = schemas(Dialect::Draft2020, items);
        assert!(schemas["probe.GoRequest"]["properties"].get("b").is_none());
        assert!(schemas["probe.GoRequest2"]["properties"].get("b").is_some());
    }
}
