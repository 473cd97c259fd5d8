//! What the component says of itself, in custom sections: they survive every toolchain that links the crate.
#![expect(
    unsafe_code,
    reason = "naming a link section is an unsafe attribute; nothing is linked against these"
)]

/// What is stored, what can be configured, which replies carry credentials, which buckets it takes from.
#[used]
#[unsafe(link_section = "vestibule:manifest")]
static MANIFEST: [u8; include_bytes!("../manifest.json").len()] =
    *include_bytes!("../manifest.json");

/// The channel's WIT as text: linking keeps names and types, and drops the comments that describe them.
#[used]
#[unsafe(link_section = "vestibule:wit")]
static WIT: [u8; include_bytes!("../../../wit/deps/authorization/authorization.wit").len()] =
    *include_bytes!("../../../wit/deps/authorization/authorization.wit");

/// The types that the channel shares with others.
#[used]
#[unsafe(link_section = "vestibule:wit")]
static WIT_TYPES: [u8; include_bytes!("../../../wit/deps/types/types.wit").len()] =
    *include_bytes!("../../../wit/deps/types/types.wit");
