//! Whether two commands are alike: the one that a caller was built against and the one that serves.
//!
//! Alike is what the component model's values are: the same kinds and the same names of fields and cases, in the same
//! order. What types are called and what is written about them does not matter.

use super::Command;
use super::types::{Field, Label, Type};

/// Whether a call of `wanted` can be answered by `found`.
#[must_use]
pub fn is_alike(wanted: &Command, found: &Command) -> bool {
    wanted.fallible == found.fallible
        && fields(&wanted.params, &found.params)
        && optional(wanted.reply.as_ref(), found.reply.as_ref())
        && optional(wanted.error.as_ref(), found.error.as_ref())
}

fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::List(a), Type::List(b)) | (Type::Option(a), Type::Option(b)) => same(a, b),
        (Type::Result(a), Type::Result(b)) => {
            optional(a.ok.as_ref(), b.ok.as_ref()) && optional(a.err.as_ref(), b.err.as_ref())
        }
        (Type::Tuple(a), Type::Tuple(b)) => all(a, b, same),
        (Type::Record(a), Type::Record(b)) => fields(&a.fields, &b.fields),
        (Type::Variant(a), Type::Variant(b)) => all(&a.cases, &b.cases, |a, b| {
            a.name == b.name && optional(a.ty.as_ref(), b.ty.as_ref())
        }),
        (Type::Enum(a), Type::Enum(b)) => labels(&a.cases, &b.cases),
        (Type::Flags(a), Type::Flags(b)) => labels(&a.flags, &b.flags),
        // What is left has no parts.
        (a, b) => a == b,
    }
}

fn optional(a: Option<&Type>, b: Option<&Type>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn fields(a: &[Field], b: &[Field]) -> bool {
    all(a, b, |a, b| a.name == b.name && same(&a.ty, &b.ty))
}

fn labels(a: &[Label], b: &[Label]) -> bool {
    all(a, b, |a, b| a.name == b.name)
}

fn all<T>(a: &[T], b: &[T], alike: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
}
