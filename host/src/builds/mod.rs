//! Builds of components: where one comes from, and whose word is taken for it.
//!
//! What is where: `source` files and registries, [`mod@file`] a build in a file, [`keys`] the keys of those who sign builds, [`signature`] what they sign and how
//! it is written down, [`trust`] whether an installation takes their word, [`tagged`] digests as they are written.

pub mod file;
#[cfg(feature = "cli")]
pub mod key_file;
pub mod keys;
pub mod signature;
#[cfg(feature = "cli")]
pub mod source;
pub mod tagged;
pub mod trust;
