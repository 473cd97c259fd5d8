//! The harness that every suite uses.

pub mod guests;
