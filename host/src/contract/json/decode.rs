//! Requests: JSON to the arguments of a command.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;

use super::parse::{too_long, too_many};
use super::path::Path;
use super::{MAX_LIST, MAX_STRING_BYTES, MAX_VIOLATIONS};
use crate::contract::types::{Field, Flags, Label, ResultType, Type, Variant};
use crate::contract::{Command, Request};
use crate::error::Violation;

/// The arguments of `command` that `request` stands for. `Null` is a request without fields, for a command that needs none: one
/// that learns to take something can still be asked as before.
///
/// # Errors
///
/// Everything that does not fit, at most [`MAX_VIOLATIONS`], with its places.
pub fn decode_request(command: &Command, request: &Value) -> Result<Vec<Val>, Vec<Violation>> {
    let mut decoder = Decoder::default();
    let nothing = Value::Object(Map::new());
    let request = match request {
        Value::Null if !command.needs_a_request() => &nothing,
        request => request,
    };
    let fields = decoder.object(command.fields(), request, &Path::Root);
    let arguments = fields.map(|fields| match command.request {
        Request::Params => fields.into_iter().map(|(_, value)| value).collect(),
        Request::Record(_) => vec![Val::Record(fields)],
    });
    decoder.finish(arguments)
}

/// The value of type `ty` that `value` stands for.
///
/// # Errors
///
/// Everything that does not fit, at most [`MAX_VIOLATIONS`], with its places.
pub fn decode(ty: &Type, value: &Value) -> Result<Val, Vec<Violation>> {
    let mut decoder = Decoder::default();
    let decoded = decoder.value(ty, value, &Path::Root);
    decoder.finish(decoded)
}

/// Collects what is wrong. A part that does not fit is `None`, and then at least one violation was told.
#[derive(Default)]
struct Decoder {
    violations: Vec<Violation>,
}

impl Decoder {
    fn finish<T>(self, decoded: Option<T>) -> Result<T, Vec<Violation>> {
        match decoded {
            Some(decoded) if self.violations.is_empty() => Ok(decoded),
            _ => Err(self.violations),
        }
    }

    fn is_full(&self) -> bool {
        self.violations.len() >= MAX_VIOLATIONS
    }

    fn refuse<T>(&mut self, path: &Path<'_>, message: impl Into<String>) -> Option<T> {
        if !self.is_full() {
            self.violations.push(Violation::new(path.render(), message));
        }
        None
    }

    fn value(&mut self, ty: &Type, value: &Value, path: &Path<'_>) -> Option<Val> {
        match ty {
            Type::Bool => match value {
                Value::Bool(value) => Some(Val::Bool(*value)),
                _ => self.refuse(path, "must be true or false"),
            },
            Type::U8 => self.unsigned(value, path, u8::MAX.into(), |n| Val::U8(n as u8)),
            Type::U16 => self.unsigned(value, path, u16::MAX.into(), |n| Val::U16(n as u16)),
            Type::U32 => self.unsigned(value, path, u32::MAX.into(), |n| Val::U32(n as u32)),
            Type::U64 => self.unsigned(value, path, u64::MAX, Val::U64),
            Type::S8 => self.signed(value, path, i8::MAX.into(), |n| Val::S8(n as i8)),
            Type::S16 => self.signed(value, path, i16::MAX.into(), |n| Val::S16(n as i16)),
            Type::S32 => self.signed(value, path, i32::MAX.into(), |n| Val::S32(n as i32)),
            Type::S64 => self.signed(value, path, i64::MAX, Val::S64),
            Type::F32 => {
                let single = self.float(value, path)? as f32;
                if single.is_finite() {
                    return Some(Val::Float32(single));
                }
                self.refuse(path, "is out of range")
            }
            Type::F64 => self.float(value, path).map(Val::Float64),
            Type::Char => self.character(value, path),
            Type::String => self
                .string(value, path)
                .map(|text| Val::String(text.to_owned())),
            Type::Bytes => self.bytes(value, path),
            Type::List(element) => {
                let elements = self.array(value, path)?;
                self.each(elements.iter().map(|value| (&**element, value)), path)
                    .map(Val::List)
            }
            Type::Tuple(types) => {
                let elements = self.array(value, path)?;
                if elements.len() != types.len() {
                    let message = format!("must have exactly {} elements", types.len());
                    return self.refuse(path, message);
                }
                self.each(types.iter().zip(elements), path).map(Val::Tuple)
            }
            Type::Option(some) => match value {
                Value::Null => Some(Val::Option(None)),
                value => self
                    .value(some, value, path)
                    .map(|some| Val::Option(Some(Box::new(some)))),
            },
            Type::Result(result) => self.result(result, value, path),
            Type::Record(record) => self.object(&record.fields, value, path).map(Val::Record),
            Type::Variant(variant) => self.variant(variant, value, path),
            Type::Enum(cases) => self
                .label(&cases.cases, value, path)
                .map(|case| Val::Enum(case.name.to_string())),
            Type::Flags(flags) => self.flags(flags, value, path),
        }
    }

    /// The members of an object, in the order of `fields`. All of them are looked at, whatever is wrong with one.
    fn object(
        &mut self,
        fields: &[Field],
        value: &Value,
        path: &Path<'_>,
    ) -> Option<Vec<(String, Val)>> {
        let Value::Object(members) = value else {
            return self.refuse(path, "must be an object");
        };
        let mut known = 0;
        let mut decoded = Vec::with_capacity(fields.len());
        for field in fields {
            let place = Path::Field(path, &field.json);
            let member = members.get(&*field.json);
            known += usize::from(member.is_some());
            let value = match member {
                Some(member) => self.value(&field.ty, member, &place),
                None if field.is_optional() => Some(Val::Option(None)),
                None => self.refuse(&place, "is required"),
            };
            decoded.extend(value.map(|value| (field.name.to_string(), value)));
        }
        if known < members.len() {
            self.unknown(fields, members, path);
            return None;
        }
        (decoded.len() == fields.len()).then_some(decoded)
    }

    fn unknown(&mut self, fields: &[Field], members: &Map<String, Value>, path: &Path<'_>) {
        for name in members.keys() {
            if self.is_full() {
                return;
            }
            if !fields.iter().any(|field| *field.json == **name) {
                self.refuse::<()>(&Path::Unknown(path, name), "is not known");
            }
        }
    }

    fn each<'v>(
        &mut self,
        pairs: impl ExactSizeIterator<Item = (&'v Type, &'v Value)>,
        path: &Path<'_>,
    ) -> Option<Vec<Val>> {
        let length = pairs.len();
        let mut decoded = Vec::with_capacity(length);
        for (index, (ty, value)) in pairs.enumerate() {
            if self.is_full() {
                return None;
            }
            decoded.extend(self.value(ty, value, &Path::Index(path, index)));
        }
        (decoded.len() == length).then_some(decoded)
    }

    fn array<'v>(&mut self, value: &'v Value, path: &Path<'_>) -> Option<&'v [Value]> {
        match value {
            Value::Array(elements) if elements.len() <= MAX_LIST => Some(elements),
            Value::Array(_) => self.refuse(path, too_many()),
            _ => self.refuse(path, "must be an array"),
        }
    }

    fn string<'v>(&mut self, value: &'v Value, path: &Path<'_>) -> Option<&'v str> {
        match value {
            Value::String(text) if text.len() <= MAX_STRING_BYTES => Some(text),
            Value::String(_) => self.refuse(path, too_long()),
            _ => self.refuse(path, "must be a string"),
        }
    }

    fn character(&mut self, value: &Value, path: &Path<'_>) -> Option<Val> {
        let mut chars = self.string(value, path)?.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Some(Val::Char(only)),
            _ => self.refuse(path, "must be a string of one character"),
        }
    }

    fn bytes(&mut self, value: &Value, path: &Path<'_>) -> Option<Val> {
        let text = self.string(value, path)?;
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) => Some(Val::List(bytes.into_iter().map(Val::U8).collect())),
            Err(_) => self.refuse(path, "must be base64url without padding"),
        }
    }

    fn number<'v>(&mut self, value: &'v Value, path: &Path<'_>) -> Option<&'v Number> {
        match value {
            Value::Number(number) => Some(number),
            _ => self.refuse(path, "must be a number"),
        }
    }

    fn float(&mut self, value: &Value, path: &Path<'_>) -> Option<f64> {
        match self.number(value, path)?.as_f64() {
            Some(number) if number.is_finite() => Some(number),
            _ => self.refuse(path, "is out of range"),
        }
    }

    fn unsigned(
        &mut self,
        value: &Value,
        path: &Path<'_>,
        max: u64,
        make: impl Fn(u64) -> Val,
    ) -> Option<Val> {
        let number = self.number(value, path)?;
        match number.as_u64() {
            Some(number) if number <= max => Some(make(number)),
            _ => self.not_integer(number, path, format!("0 to {max}")),
        }
    }

    /// Of a signed type with the greatest value `max`.
    fn signed(
        &mut self,
        value: &Value,
        path: &Path<'_>,
        max: i64,
        make: impl Fn(i64) -> Val,
    ) -> Option<Val> {
        let min = -max - 1;
        let number = self.number(value, path)?;
        match number.as_i64() {
            Some(number) if (min..=max).contains(&number) => Some(make(number)),
            _ => self.not_integer(number, path, format!("{min} to {max}")),
        }
    }

    fn not_integer<T>(&mut self, number: &Number, path: &Path<'_>, range: String) -> Option<T> {
        if number.is_f64() {
            let message =
                format!("must be a whole number from {range}, without fraction or exponent");
            return self.refuse(path, message);
        }
        self.refuse(path, format!("must be from {range}"))
    }

    fn label<'t>(
        &mut self,
        labels: &'t [Label],
        value: &Value,
        path: &Path<'_>,
    ) -> Option<&'t Label> {
        let name = self.string(value, path)?;
        match labels.iter().find(|label| *label.name == *name) {
            Some(label) => Some(label),
            None => {
                let names = one_of(labels.iter().map(|label| &*label.name));
                self.refuse(path, names)
            }
        }
    }

    /// The flags that are set, in the order of the type.
    fn flags(&mut self, flags: &Flags, value: &Value, path: &Path<'_>) -> Option<Val> {
        let elements = self.array(value, path)?;
        let mut set = vec![false; flags.flags.len()];
        for (index, element) in elements.iter().enumerate() {
            let place = Path::Index(path, index);
            let label = self.label(&flags.flags, element, &place)?;
            let position = flags.flags.iter().position(|flag| flag == label)?;
            if std::mem::replace(&mut set[position], true) {
                return self.refuse(&place, "stands twice in the list");
            }
        }
        let names = flags.flags.iter().zip(set);
        let names = names.filter(|(_, set)| *set);
        Some(Val::Flags(
            names.map(|(flag, _)| flag.name.to_string()).collect(),
        ))
    }

    fn variant(&mut self, variant: &Variant, value: &Value, path: &Path<'_>) -> Option<Val> {
        let (name, payload) = match value {
            Value::String(name) => (name, None),
            Value::Object(members) if members.len() == 1 => {
                let (name, payload) = members.iter().next()?;
                (name, Some(payload))
            }
            _ => {
                let message =
                    "must be a case's name, or an object with a case's name and its value";
                return self.refuse(path, message);
            }
        };
        let Some(case) = variant.cases.iter().find(|case| *case.name == **name) else {
            let names = one_of(variant.cases.iter().map(|case| &*case.name));
            return self.refuse(path, names);
        };
        let payload = match (&case.ty, payload) {
            (None, None) => None,
            (Some(ty), Some(payload)) => {
                let place = Path::Field(path, &case.name);
                Some(Box::new(self.value(ty, payload, &place)?))
            }
            (None, Some(_)) => {
                return self.refuse(path, "this case has no value: write its name as a string");
            }
            (Some(_), None) => {
                return self.refuse(path, "this case has a value: write an object with its name");
            }
        };
        Some(Val::Variant(case.name.to_string(), payload))
    }

    fn result(&mut self, result: &ResultType, value: &Value, path: &Path<'_>) -> Option<Val> {
        let side = value
            .as_object()
            .filter(|members| members.len() == 1)
            .and_then(|members| members.iter().next());
        match side {
            Some((name, value)) if name == "ok" => self
                .side(result.ok.as_ref(), value, &Path::Field(path, "ok"))
                .map(|ok| Val::Result(Ok(ok))),
            Some((name, value)) if name == "error" => self
                .side(result.err.as_ref(), value, &Path::Field(path, "error"))
                .map(|err| Val::Result(Err(err))),
            _ => self.refuse(path, "must be an object with either `ok` or `error`"),
        }
    }

    fn side(
        &mut self,
        ty: Option<&Type>,
        value: &Value,
        path: &Path<'_>,
    ) -> Option<Option<Box<Val>>> {
        match (ty, value) {
            (Some(ty), value) => self
                .value(ty, value, path)
                .map(|value| Some(Box::new(value))),
            (None, Value::Null) => Some(None),
            (None, _) => self.refuse(path, "must be null"),
        }
    }
}

/// The names belong to the contract; a long list of them is cut.
fn one_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN: usize = 16;
    let names: Vec<_> = names.take(SHOWN + 1).collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown = &names[..names.len().min(SHOWN)];
    format!("must be one of: {}{more}", shown.join(", "))
}
