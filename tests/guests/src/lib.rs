//! The guests of the test suites: small components that use one capability each, nest, or misbehave.
//!
//! Every guest is an example of this package, so that one build makes them all. Each declares its channel's WIT beside
//! the code; `tests/build.rs` builds them for `wasm32-wasip2` and `tests/src/guests.rs` hands them to the suites.

/// Puts the JSON `$text` into the component as its manifest: what the build stores, what may be configured.
#[macro_export]
macro_rules! manifest {
    ($text:literal) => {
        #[cfg_attr(target_arch = "wasm32", unsafe(link_section = "vestibule:manifest"))]
        #[used]
        static MANIFEST: [u8; $text.len()] = *$text;
    };
}
