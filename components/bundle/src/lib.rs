//! The components that come with the host, as bytes.
//!
//! The build script compiles them from this workspace for `wasm32-wasip2`; with `VESTIBULE_COMPONENTS=DIR` it takes
//! `DIR/<channel>.wasm` instead, from whatever toolchain they came.

/// One component of the bundle.
#[derive(Clone, Copy)]
pub struct Component {
    /// The channel it serves.
    pub channel: &'static str,
    /// The component in binary form.
    pub wasm: &'static [u8],
}

/// All components of the bundle.
pub const COMPONENTS: &[Component] = include!(concat!(env!("OUT_DIR"), "/components.rs"));
