//! Compiles the services. No `protoc` is needed.

use std::error::Error;
use std::path::PathBuf;

const FILES: [&str; 3] = [
    "accounts/v1/accounts_v1.proto",
    "test/v1/test_v1.proto",
    "tokens/v1/tokens_v1.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    let set = protox::Compiler::new(["."])?
        // With the comments, for those who ask by reflection, and with what the files import.
        .include_source_info(true)
        .include_imports(true)
        .open_files(FILES)?
        .encode_file_descriptor_set();
    std::fs::write(out_dir()?.join("services.binpb"), set)?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build script's arguments are its environment"
)]
fn out_dir() -> Result<PathBuf, std::env::VarError> {
    Ok(std::env::var("OUT_DIR")?.into())
}
