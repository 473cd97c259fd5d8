//! Builds the test guests and writes the constants with their bytes; writes the stubs of the gRPC services.

use std::fmt::Write as _;
use std::process::ExitCode;

use guest_build::{Built, Error, Guests};
use prost::Message as _;
use prost_types::FileDescriptorSet;

/// The examples of `tests/guests`.
const GUESTS: &[&str] = &[
    "accounts_beyond",
    "accounts_within",
    "counter_a",
    "counter_b",
    "hostile",
    "inner",
    "middle",
    "outer",
    "probe_audit",
    "probe_caller",
    "probe_config",
    "probe_establish",
    "probe_events",
    "probe_limits",
    "probe_log",
    "probe_macs",
    "probe_mail",
    "probe_passwords",
    "probe_signing",
    "probe_storage",
    "probe_transaction",
    "probe_wasi",
    "token_forever",
    "users_forgetful",
    "users_hanging",
    "users_renaming",
    "users_unlimited",
];

fn main() -> ExitCode {
    guest_build::script(|| {
        let guests = Guests {
            packages: &["test-guests"],
            workspace: "..".as_ref(),
            watch: &["wit", "tests/guests/wit"],
            prebuilt: None,
        };
        let built = guest_build::build_examples(&guests, GUESTS)?;
        let path = guest_build::env_path("OUT_DIR")?.join("guests.rs");
        guest_build::write_if_changed(&path, source(&built).as_bytes())?;
        stubs()
    })
}

/// Writes the stubs of a gRPC client.
fn stubs() -> Result<(), Error> {
    let failed = |source| Error::File {
        path: "../proto".into(),
        source,
    };
    let services = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET);
    let services = services.map_err(|cause| failed(std::io::Error::other(cause)))?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(services)
        .map_err(failed)
}

/// One constant a guest: `COUNTER_A`.
fn source(built: &[Built]) -> String {
    let mut source = String::new();
    for Built { name, path } in built {
        let constant = name.to_uppercase();
        // Writing to a string cannot fail.
        let _ = writeln!(
            source,
            "/// The guest `{name}`.\npub const {constant}: &[u8] = include_bytes!({path:?});"
        );
    }
    source
}
