//! The harness that every suite uses.

pub mod batch;
pub mod front;
pub mod grpc;
pub mod guests;
pub mod harness;
pub mod letter_box;
pub mod mortal;
pub mod people;
pub mod store;
