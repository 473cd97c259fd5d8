//! The types of a channel's commands, as they are known while messages are served.
//!
//! A model of our own: it holds what a value type can be and nothing else (no resources, no handles), it is shared by
//! `Arc` at every branch, and it does not need the parser it was read with.

use std::fmt;
use std::sync::Arc;

/// The type of a value. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `s8`.
    S8,
    /// `s16`.
    S16,
    /// `s32`.
    S32,
    /// `s64`.
    S64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `char`: one Unicode scalar value.
    Char,
    /// `string`.
    String,
    /// `list<u8>`, which is base64url in JSON.
    Bytes,
    /// `list<T>` of anything else.
    List(Arc<Type>),
    /// `option<T>`. `T` is never an option itself: JSON has one `null` only.
    Option(Arc<Type>),
    /// `result<T, E>`.
    Result(Arc<ResultType>),
    /// `tuple<…>`.
    Tuple(Arc<[Type]>),
    /// A record.
    Record(Arc<Record>),
    /// A variant.
    Variant(Arc<Variant>),
    /// An enum.
    Enum(Arc<Enum>),
    /// Flags.
    Flags(Arc<Flags>),
}

/// What a named type is called in WIT, and what was written about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// The interface that defines it, in full: `vestibule:types/types@1.0.0`. Empty if nobody knows.
    pub interface: Arc<str>,
    /// The name in kebab-case: `open-door-request`. Empty for a type without a name.
    pub name: Arc<str>,
    /// The documentation; empty if the component does not carry it.
    pub docs: Arc<str>,
}

/// `result<ok, err>`, each side perhaps without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultType {
    /// What comes with success.
    pub ok: Option<Type>,
    /// What comes with failure.
    pub err: Option<Type>,
}

/// A record: named fields, in the order of the WIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The record's name.
    pub named: Named,
    /// Its fields, at least one.
    pub fields: Vec<Field>,
}

/// A field of a record, or a parameter of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name in WIT: `access-token`.
    pub name: Arc<str>,
    /// The name in JSON: `access_token`.
    pub json: Arc<str>,
    /// What it holds.
    pub ty: Type,
    /// The documentation; empty if there is none.
    pub docs: Arc<str>,
}

/// A variant: one of several cases, each perhaps with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The variant's name.
    pub named: Named,
    /// Its cases, at least one.
    pub cases: Vec<Case>,
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The name in kebab-case, in WIT and in JSON.
    pub name: Arc<str>,
    /// The value that comes with it.
    pub ty: Option<Type>,
    /// The documentation; empty if there is none.
    pub docs: Arc<str>,
}

/// An enum: one of several names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// The enum's name.
    pub named: Named,
    /// Its cases, at least one.
    pub cases: Vec<Label>,
}

/// Flags: any of several names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// The flags' name.
    pub named: Named,
    /// The single flags, at least one.
    pub flags: Vec<Label>,
}

/// A case of an enum, or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name in kebab-case, in WIT and in JSON.
    pub name: Arc<str>,
    /// The documentation; empty if there is none.
    pub docs: Arc<str>,
}

impl Field {
    /// The field `name` (kebab-case) of type `ty`.
    pub fn new(name: &str, ty: Type, docs: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            json: json_name(name).into(),
            ty,
            docs: docs.into(),
        }
    }

    /// Whether JSON may leave it out.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self.ty, Type::Option(_))
    }
}

impl Type {
    /// What the type is called in its WIT, if it has a name.
    #[must_use]
    pub fn named(&self) -> Option<&Named> {
        let named = match self {
            Self::Record(record) => &record.named,
            Self::Variant(variant) => &variant.named,
            Self::Enum(cases) => &cases.named,
            Self::Flags(flags) => &flags.named,
            _ => return None,
        };
        (!named.name.is_empty()).then_some(named)
    }
}

/// The type as WIT spells it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::S8 => "s8",
            Self::S16 => "s16",
            Self::S32 => "s32",
            Self::S64 => "s64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::Bytes => "list<u8>",
            Self::List(element) => return write!(f, "list<{element}>"),
            Self::Option(some) => return write!(f, "option<{some}>"),
            Self::Result(result) => {
                return match (&result.ok, &result.err) {
                    (None, None) => f.write_str("result"),
                    (Some(ok), None) => write!(f, "result<{ok}>"),
                    (None, Some(err)) => write!(f, "result<_, {err}>"),
                    (Some(ok), Some(err)) => write!(f, "result<{ok}, {err}>"),
                };
            }
            Self::Tuple(types) => {
                f.write_str("tuple<")?;
                for (index, ty) in types.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{ty}")?;
                }
                return f.write_str(">");
            }
            Self::Record(_) | Self::Variant(_) | Self::Enum(_) | Self::Flags(_) => {
                self.named().map_or("(unnamed)", |named| &named.name)
            }
        };
        f.write_str(name)
    }
}

/// The name in JSON of what WIT calls `name`: `access-token` is `access_token`. WIT names differ by more than case, so
/// two names never become one.
#[must_use]
pub fn json_name(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelt_as_in_wit() {
        let pair = Type::Tuple([Type::U8, Type::Option(Type::Bytes.into())].into());
        assert_eq!(pair.to_string(), "tuple<u8, option<list<u8>>>");
        let result = Type::Result(Arc::new(ResultType {
            ok: None,
            err: Some(Type::List(Type::Char.into())),
        }));
        assert_eq!(result.to_string(), "result<_, list<char>>");
    }

    #[test]
    fn json_names_are_snake_case() {
        assert_eq!(json_name("is-email-verified"), "is_email_verified");
        assert_eq!(json_name("get-URL"), "get_url");
    }
}
