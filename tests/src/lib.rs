//! The harness that every suite uses.

pub mod batch;
pub mod faulty_store;
pub mod guests;
