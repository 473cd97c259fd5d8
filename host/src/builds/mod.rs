//! Builds of components: where one comes from, and whose word is taken for it.
//!
//! What is where: [`keys`] the keys of those who sign builds, [`signature`] what they sign and how it is written down,
//! [`tagged`] digests as they are written.

pub mod keys;
pub mod signature;
pub mod tagged;
