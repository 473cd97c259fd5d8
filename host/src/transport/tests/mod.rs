//! The public router over a host that is not there.

mod documents;
mod fixture;
mod log;
mod messages;
mod reaching;
mod refusing;

pub(super) use self::fixture::{Fake, options};
pub(super) use self::log::logged;
