//! Requests that keep every rule, made from a command's own types, and the places in them.

use serde_json::{Map, Value, json};
use vestibule::contract::Command;
use vestibule::contract::types::{Field, Type};

/// The harness's clock stands here.
const NOW: u64 = 1_700_000_000_000;

/// An id that nobody has.
const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A place in a request where there is a value.
pub(super) struct Place {
    /// As a violation names it: `users[0].email`.
    pub(super) path: String,
    /// As JSON points at it (RFC 6901): `/users/0/email`.
    pub(super) pointer: String,
    /// What it holds.
    pub(super) ty: Type,
    /// Whether nothing may stand there.
    pub(super) is_optional: bool,
}

impl Place {
    /// `request` with `value` here.
    pub(super) fn filled(&self, request: &Value, value: Value) -> Value {
        let mut request = request.clone();
        *request.pointer_mut(&self.pointer).unwrap() = value;
        request
    }

    /// Whether `path` is this place or one in it, or the list that it is an element of: a rule may be about all of them.
    pub(super) fn holds(&self, path: &str) -> bool {
        if self.path.strip_suffix("[0]") == Some(path) {
            return true;
        }
        let rest = path.strip_prefix(&self.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// A request that keeps the rules of every field, with all that is optional.
pub(super) fn good(command: &Command) -> Value {
    object(command.fields(), false)
}

/// Every place in it, the outer ones first.
pub(super) fn places(command: &Command) -> Vec<Place> {
    let mut places = Vec::new();
    walk(command.fields(), "", "", &mut places);
    places
}

/// The least that an element of a list can be.
pub(super) fn least(list: &Type) -> Option<Value> {
    match list {
        Type::List(element) => Some(value("", element, true)),
        _ => None,
    }
}

fn walk(fields: &[Field], path: &str, pointer: &str, places: &mut Vec<Place>) {
    for field in fields {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", field.json);
        let pointer = format!("{pointer}/{}", field.json);
        let (ty, is_optional) = match &field.ty {
            Type::Option(some) => (&**some, true),
            ty => (ty, false),
        };
        places.push(Place {
            path: path.clone(),
            pointer: pointer.clone(),
            ty: ty.clone(),
            is_optional,
        });
        match ty {
            Type::Record(record) => walk(&record.fields, &path, &pointer, places),
            Type::List(element) => {
                let (path, pointer) = (format!("{path}[0]"), format!("{pointer}/0"));
                if let Type::Record(record) = &**element {
                    walk(&record.fields, &path, &pointer, places);
                }
                places.push(Place {
                    path,
                    pointer,
                    ty: (**element).clone(),
                    is_optional: false,
                });
            }
            _ => {}
        }
    }
}

fn object(fields: &[Field], only_required: bool) -> Value {
    let kept = |field: &&Field| !(only_required && matches!(field.ty, Type::Option(_)));
    let members = fields.iter().filter(kept).map(|field| {
        let value = value(&field.json, &field.ty, only_required);
        (field.json.to_string(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

fn value(name: &str, ty: &Type, only_required: bool) -> Value {
    match ty {
        Type::Bool => json!(false),
        Type::U32 => json!(10),
        Type::U64 => json!(moment(name)),
        Type::String => json!(text(name)),
        Type::Option(some) => value(name, some, only_required),
        Type::List(element) => json!([value(name, element, only_required)]),
        Type::Record(record) => object(&record.fields, only_required),
        Type::Enum(cases) => json!(&*cases.cases[0].name),
        other => panic!("a command takes {other}: say what a good one is"),
    }
}

fn moment(name: &str) -> u64 {
    match name {
        "registered_at" => NOW - 1,
        _ => NOW + 3_600_000,
    }
}

fn text(name: &str) -> &'static str {
    match name {
        "email" => "somebody@example.org",
        "password" | "current" | "new" => "nine wet otters sing",
        "access_token" => "access-token-0123456789",
        "refresh_token" => "refresh-token-0123456789",
        "previous_refresh_token" => "refresh-token-9876543210",
        "token" | "code" => "t0ken",
        "id" | "uuid" | "after" | "session_id" | "except_session_id" => NOBODY,
        "auth_id" | "about" => "account-1",
        "scopes" => "profile:read",
        "value" => "vst_nonsense",
        "password_hash" => {
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        }
        _ => "Ada",
    }
}
