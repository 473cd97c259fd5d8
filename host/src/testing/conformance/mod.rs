//! Conformance: what a channel promises, as data, and whether a build of it keeps that. A scenario sends messages, moves the
//! clock and compares replies.
//!
//! In a reply `"$name"` binds what stands there, or must equal what it was bound to before; `"!$name"` must be something
//! else; `"*"` is any string and `"#"` any number. Everything else is compared exactly, field by field. In a request
//! `"$name"` is what was bound, `"$name~"` the same with its last character changed, and `"$$…"` a text that begins with
//! one `$`; `{"$times" = n, of = x}` is the text or the list `x` n times over.
//!
//! No refusal, and no cause that the log has of it, may repeat a text with `s3cret` in it.
//!
//! Every message comes from a service; `as` says for whom it acts, and with what kind of credential.

mod embedded;
mod play;
mod report;
mod scenario;
mod values;

pub use embedded::{channels, files};
pub use play::play;
pub use report::{Broken, Report, Row, Verdict};
pub use scenario::{Acting, File, Queued, Scenario, Step};
