//! Conformance: what a channel promises, as data, and whether a build of it keeps that. A scenario sends messages, moves the
//! clock and compares replies. [`check`] plays all scenarios of a channel against a build, in any language.
//!
//! In a reply `"$name"` binds what stands there, or must equal what it was bound to before; `"!$name"` must be something
//! else; `"*"` is any string and `"#"` any number. Everything else is compared exactly, field by field. In a request
//! `"$name"` is what was bound, `"$name~"` the same with its last character changed, and `"$$…"` a text that begins with
//! one `$`; `{"$times" = n, of = x}` is the text or the list `x` n times over.
//!
//! No refusal, and no cause that the log has of it, may repeat a text with `s3cret` in it.
//!
//! Every message comes from a service; `as` says for whom it acts, and with what kind of credential.
//!
//! # State
//!
//! A build takes over what another one has stored, and is perhaps replaced by it again. So after a build has kept a scenario by
//! itself, it plays it together with the build that serves, over one store: one of the two does all the reading and the other
//! all the writing, they take turns, and for every step that writes one of them plays that step alone. Each time the replies
//! stay as the scenario says, and at the end both are asked everything again that only reads, and answer alike. A last play
//! puts fields of a later build into the channel's records: the candidate must not lose more of them than the serving build.
//!
//! A build may have more than the one that serves: in replies, fields that the serving build's contract does not have are not
//! looked at.
//!
//! # A hostile build
//!
//! It has the limits of any message, and may fail, hang, or answer anything: then its row says so. Each scenario is a task of
//! its own with a moment at which it is given up ([`Options::within`]).

mod check;
mod embedded;
mod known;
mod later;
mod play;
mod report;
mod scenario;
mod stage;
mod state;
#[cfg(test)]
#[cfg(feature = "bundle")]
mod tests;
mod turns;
mod values;
mod world;

pub use check::{CheckError, Checker, Options, Progress, check};
pub use embedded::{channels, files};
pub use play::play;
pub use report::{Broken, Report, Row, Verdict};
pub use scenario::{Acting, File, Queued, Scenario, Step};
