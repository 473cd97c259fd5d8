//! JSON in, JSON out: requests become arguments and results become replies, by the command's own WIT types.
//!
//! | WIT | JSON |
//! |---|---|
//! | record, parameters | object with the names in snake_case; unknown and repeated names are refused |
//! | `option<T>` | `T`, or `null`, or in an object: left out; a reply leaves it out |
//! | `u8` … `s64` | number without fraction and exponent, in range |
//! | `f32`, `f64` | finite number |
//! | `char` | string of one character |
//! | `list<u8>` | string in base64url without padding (RFC 4648 §5) |
//! | `list<T>`, `tuple<…>` | array |
//! | variant | the case's name in kebab-case, or `{"<case>": value}` for a case with a value |
//! | enum | the case's name in kebab-case |
//! | flags | array of names, each once |
//! | `result<T, E>` | `{"ok": T}` or `{"error": E}`, `null` for a side without a value |
//!
//! What does not fit is told as a list of [`Violation`](crate::error::Violation)s that name places and rules and never
//! repeat a value.

mod decode;
mod encode;
mod failure;
mod parse;
mod path;
#[cfg(test)]
mod tests;

pub use decode::{decode, decode_request};
pub use encode::{EncodeError, encode, encode_reply};
pub(crate) use failure::first_sentence;
pub use failure::{answer, encode_error};
pub use parse::parse;

/// JSON may be nested so deep; `[{}]` is two.
pub const MAX_DEPTH: usize = 32;

/// An array may have so many elements.
pub const MAX_LIST: usize = 10_000;

/// A string may have so many bytes in UTF-8.
pub const MAX_STRING_BYTES: usize = 64 << 10;

/// So many violations are told; there may be more.
pub const MAX_VIOLATIONS: usize = 32;

/// A field name sent by the client is cut to so many bytes when it is told.
pub const MAX_NAME_BYTES: usize = 64;
