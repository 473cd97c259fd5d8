//! The protobuf services that Vestibule serves: `accounts.v1`, `tokens.v1` and `test.v1`.
//!
//! The files beside this crate's manifest are the interface. Clients in any language generate their stubs from them; this crate
//! has them as data.

/// An encoded `google.protobuf.FileDescriptorSet` of the services and of what they import, with their comments.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.binpb"));
