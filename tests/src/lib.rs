//! The harness that every suite uses.

pub mod batch;
pub mod clock;
pub mod conformance;
pub mod faulty_store;
pub mod grpc;
pub mod guests;
pub mod harness;
pub mod store;
