//! `vestibule component keygen`: a key that signs builds.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use vestibule::builds::key_file;
use vestibule::builds::keys::PrivateKey;

use super::super::failed::Failed;
use super::super::output::Output;

/// Makes a key that signs builds, and prints its public half. Needs no server.
#[derive(Args)]
#[command(after_help = "\
Example:
  vestibule component keygen --out release.pem

The line that is printed goes into [deploy] trust of every installation that shall take builds signed by the key. The file
stays where builds are released: it is not needed, and must not be, on a server.")]
pub(in super::super) struct KeygenArgs {
    /// The file to write; one that exists is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: KeygenArgs, output: &Output) -> Result<(), Failed> {
    let key = PrivateKey::generate()?;
    key_file::create(&args.out, &key)?;
    let public = key.public().to_string();
    output.show(
        &json!({"file": args.out, "public_key": public}),
        |output, _| {
            output.line(&public);
            output.note(&format!(
                "the private key is in {}: keep it, and a copy, away from the servers",
                args.out.display()
            ));
        },
    );
    Ok(())
}
