//! Builds the bundled components and writes the table that embeds them.

use std::fmt::Write as _;
use std::process::ExitCode;

use guest_build::{Built, Guests};

/// The channels of the bundle: each the name of a package beside this one.
const CHANNELS: &[&str] = &[
    "accounts",
    "api-tokens",
    "authorization",
    "email",
    "token",
    "users",
];

fn main() -> ExitCode {
    guest_build::script(|| {
        let built = guest_build::build(&Guests {
            packages: CHANNELS,
            workspace: "../..".as_ref(),
            watch: &["wit"],
            prebuilt: Some("VESTIBULE_COMPONENTS"),
        })?;
        let table = guest_build::env_path("OUT_DIR")?.join("components.rs");
        guest_build::write_if_changed(&table, source(&built).as_bytes())
    })
}

/// `&[Component { … }]`, to be included as an expression.
fn source(built: &[Built]) -> String {
    let mut source = String::from("&[\n");
    for Built { name, path } in built {
        // Writing to a string cannot fail.
        let _ = writeln!(
            source,
            "    Component {{ channel: {name:?}, wasm: include_bytes!({path:?}) }},"
        );
    }
    source.push(']');
    source
}
