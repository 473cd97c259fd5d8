//! The harness that every suite uses.

pub mod guests;
pub mod batch;
pub mod faulty_store;
