//! The harness that every suite uses: a host over a store and a clock of the test's own, and the guests it serves.

pub mod clock;
pub mod guests;
pub mod harness;
pub mod store;
