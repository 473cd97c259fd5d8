//! Replies: a component's values to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;

use crate::contract::Command;
use crate::contract::types::{Field, Type};

/// A value that has no form in JSON, or is not of the type it should be: a fault of the component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Infinity or not a number.
    #[error("a reply holds a number that is not finite, which JSON cannot say")]
    NotFinite,
    /// Another type than the contract's.
    #[error("a reply holds a value that is not of the type {expected}")]
    Mismatch {
        /// The contract's type.
        expected: String,
    },
}

/// The reply of `command` that its function returned as `value`, which is the inside of an `ok`.
///
/// # Errors
///
/// If `value` is not what the contract says or cannot be said in JSON.
pub fn encode_reply(command: &Command, value: &Val) -> Result<Value, EncodeError> {
    match &command.reply {
        Some(ty) => encode(ty, value),
        None => Err(EncodeError::Mismatch {
            expected: "(no reply)".to_owned(),
        }),
    }
}

/// `value`, which is of type `ty`, as JSON.
///
/// # Errors
///
/// If it is of another type or cannot be said in JSON.
pub fn encode(ty: &Type, value: &Val) -> Result<Value, EncodeError> {
    Ok(match (ty, value) {
        (Type::Bool, Val::Bool(value)) => Value::Bool(*value),
        (Type::U8, Val::U8(value)) => Value::from(*value),
        (Type::U16, Val::U16(value)) => Value::from(*value),
        (Type::U32, Val::U32(value)) => Value::from(*value),
        (Type::U64, Val::U64(value)) => Value::from(*value),
        (Type::S8, Val::S8(value)) => Value::from(*value),
        (Type::S16, Val::S16(value)) => Value::from(*value),
        (Type::S32, Val::S32(value)) => Value::from(*value),
        (Type::S64, Val::S64(value)) => Value::from(*value),
        (Type::F32, Val::Float32(value)) => float((*value).into())?,
        (Type::F64, Val::Float64(value)) => float(*value)?,
        (Type::Char, Val::Char(value)) => Value::String(value.to_string()),
        (Type::String, Val::String(value)) => Value::String(value.clone()),
        (Type::Bytes, Val::List(values)) => bytes(values)?,
        (Type::List(element), Val::List(values)) => Value::Array(
            values
                .iter()
                .map(|value| encode(element, value))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => Value::Array(
            types
                .iter()
                .zip(values)
                .map(|(ty, value)| encode(ty, value))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Option(_), Val::Option(None)) => Value::Null,
        (Type::Option(some), Val::Option(Some(value))) => encode(some, value)?,
        (Type::Result(result), Val::Result(value)) => match value {
            Ok(value) => single("ok", side(result.ok.as_ref(), value.as_deref())?),
            Err(value) => single("error", side(result.err.as_ref(), value.as_deref())?),
        },
        (Type::Record(record), Val::Record(values)) => object(&record.fields, values)?,
        (Type::Variant(variant), Val::Variant(name, value)) => {
            let case = variant.cases.iter().find(|case| *case.name == **name);
            match (case.map(|case| &case.ty), value) {
                (Some(None), None) => Value::String(name.clone()),
                (Some(Some(ty)), Some(value)) => single(name, encode(ty, value)?),
                _ => return Err(mismatch(ty)),
            }
        }
        (Type::Enum(_), Val::Enum(name)) => Value::String(name.clone()),
        (Type::Flags(_), Val::Flags(names)) => {
            Value::Array(names.iter().cloned().map(Value::String).collect())
        }
        _ => return Err(mismatch(ty)),
    })
}

/// The values of a record stand in the order of its fields; an option without a value is left out.
fn object(fields: &[Field], values: &[(String, Val)]) -> Result<Value, EncodeError> {
    let mut members = Map::new();
    for (index, field) in fields.iter().enumerate() {
        let value = match values.get(index) {
            Some((name, value)) if **name == *field.name => value,
            _ => return Err(mismatch(&field.ty)),
        };
        if !matches!(value, Val::Option(None)) {
            members.insert(field.json.to_string(), encode(&field.ty, value)?);
        }
    }
    Ok(Value::Object(members))
}

fn side(ty: Option<&Type>, value: Option<&Val>) -> Result<Value, EncodeError> {
    match (ty, value) {
        (Some(ty), Some(value)) => encode(ty, value),
        (None, None) => Ok(Value::Null),
        _ => Err(EncodeError::Mismatch {
            expected: "result".to_owned(),
        }),
    }
}

fn single(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn float(value: f64) -> Result<Value, EncodeError> {
    Number::from_f64(value)
        .map(Value::Number)
        .ok_or(EncodeError::NotFinite)
}

fn bytes(values: &[Val]) -> Result<Value, EncodeError> {
    let bytes: Vec<u8> = values
        .iter()
        .map(|value| match value {
            Val::U8(byte) => Ok(*byte),
            _ => Err(mismatch(&Type::Bytes)),
        })
        .collect::<Result<_, _>>()?;
    Ok(Value::String(URL_SAFE_NO_PAD.encode(bytes)))
}

fn mismatch(ty: &Type) -> EncodeError {
    EncodeError::Mismatch {
        expected: ty.to_string(),
    }
}
