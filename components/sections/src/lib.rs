//! What a component says of itself, in custom sections: they survive every toolchain that links the crate.

/// Puts the crate's manifest and its channel's WIT into the component.
///
/// `manifest` says what is stored, what can be configured, which replies carry credentials. `wit` is the channel's text and
/// that of the types it shares with others: linking keeps names and types, and drops the comments that describe them. Paths
/// are relative to the file that names them.
#[macro_export]
macro_rules! sections {
    (manifest: $manifest:literal, wit: [$($wit:literal),+ $(,)?] $(,)?) => {
        $crate::section!("vestibule:manifest", $manifest);
        $($crate::section!("vestibule:wit", $wit);)+
    };
}

/// Puts a file into a custom section. Naming a link section is an unsafe attribute; nothing is linked against these.
#[doc(hidden)]
#[macro_export]
macro_rules! section {
    ($name:literal, $file:literal) => {
        const _: () = {
            #[used]
            #[unsafe(link_section = $name)]
            static SECTION: [u8; include_bytes!($file).len()] = *include_bytes!($file);
        };
    };
}
