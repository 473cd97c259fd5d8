//! Names that a channel cannot have.

use crate::files;
use crate::is_bundled;

/// Keywords of WIT and of Rust, crates that every Rust program knows, and packages and crates that a project has besides.
const RESERVED: &str = "abstract alloc as async await become bool borrow box break capability char const constructor \
    continue core crate do dyn else enum error-context export extern f32 f64 false final \
    flags fn for from func future gen if impl import in include interface let \
    list loop macro map match mod move mut option override own package priv proc-macro \
    pub record ref resource result return s16 s32 s64 s8 self static std stream \
    string struct super test thiserror trait true try tuple type typeof types u16 u32 \
    u64 u8 union unsafe unsized use variant virtual where while wit-bindgen with world worlds \
    yield";

/// Whether something else has this name.
pub(crate) fn is_reserved(channel: &str) -> bool {
    let is_crate = || files::text(&format!("components/{channel}/Cargo.toml")).is_some();
    RESERVED.split(' ').any(|word| word == channel) || (is_crate() && !is_bundled(channel))
}
