//! Builds the guest that behaves badly, for the measurement of isolation.

use std::process::ExitCode;

use guest_build::Guests;

fn main() -> ExitCode {
    guest_build::script(|| {
        let guests = Guests {
            packages: &["test-guests"],
            workspace: "..".as_ref(),
            watch: &["wit", "tests/guests/wit"],
            prebuilt: None,
        };
        let built = guest_build::build_examples(&guests, &["hostile"])?;
        let source: String = built
            .iter()
            .map(|guest| format!("include_bytes!({:?})", guest.path))
            .collect();
        let path = guest_build::env_path("OUT_DIR")?.join("hostile.rs");
        guest_build::write_if_changed(&path, source.as_bytes())
    })
}
