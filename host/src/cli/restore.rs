//! `vestibule restore`: a backup becomes a data folder.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use vestibule::backup::restore;

use super::DataArg;
use super::failed::Failed;
use super::output::Output;

/// Puts a backup into an empty data folder. No server may run on that folder.
#[derive(Args)]
#[command(after_help = "Example:\n  vestibule restore /backups/2026-01-31.db --data ./restored")]
pub(super) struct RestoreArgs {
    /// The backup
    file: PathBuf,

    #[command(flatten)]
    data: DataArg,
}

pub(super) async fn run(args: RestoreArgs, output: &Output) -> Result<(), Failed> {
    let (file, folder) = (args.file.clone(), args.data.folder());
    let restored = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || restore(file, folder)).await??
    };
    let report = json!({"data": folder, "root_key": restored.root_key});
    output.show(&report, |output, _| {
        let folder = folder.display();
        output.line(&format!("restored into {folder}"));
        if restored.root_key {
            output.note(&format!("start it with: vestibule serve --data {folder}"));
        } else {
            output.note(&format!(
                "put the root key that belongs to it at {folder}/keys/root (mode 600), then: vestibule serve --data {folder}"
            ));
        }
    });
    Ok(())
}
