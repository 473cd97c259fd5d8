//! `vestibule component list`

use clap::Args;
use serde_json::Value;

use super::short;
use crate::cli::client::{Address, Client, ServerArgs};
use crate::cli::failed::Failed;
use crate::cli::output::{Output, moment, text};

#[derive(Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: ListArgs, output: &Output) -> Result<(), Failed> {
    let client = Client::new(&args.server, Address::Administration)?;
    output.show(&client.get("/admin/components").await?, list);
    Ok(())
}

fn list(output: &Output, components: &Value) {
    let rows = components.as_array().into_iter().flatten().map(|found| {
        [
            text(found, "channel"),
            text(found, "version"),
            short(found, "digest"),
            text(found, "size"),
            text(found, "author"),
            text(found, "state"),
            moment(found, "since"),
            text(found, "calls"),
            text(found, "faults"),
        ]
    });
    let titles = [
        "CHANNEL", "VERSION", "DIGEST", "BYTES", "AUTHOR", "STATE", "SINCE", "CALLS", "FAULTS",
    ];
    output.table(titles, &rows.collect::<Vec<_>>());
}
