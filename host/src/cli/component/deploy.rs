//! `vestibule component deploy`

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use vestibule::contract::MAX_COMPONENT_BYTES;

use super::{path_of, show_deployed};
use crate::cli::client::{Address, Client, ServerArgs};
use crate::cli::failed::Failed;
use crate::cli::output::Output;

/// How long a deploy may take: a large build is compiled for a minute on a small machine that serves meanwhile.
const DEPLOY: Duration = Duration::from_secs(10 * 60);

/// The server reads the build and says everything that is wrong with it; then it is compiled, tried, and serves. Messages in flight
/// finish on the build that serves now, which is kept for `rollback`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule component deploy token ./token.wasm
  vestibule component deploy email ./email.wasm --grant events

If it is refused, the build that serves was not touched.")]
pub(in crate::cli) struct DeployArgs {
    /// The channel, such as token
    channel: String,

    /// The build: a component in binary form
    file: PathBuf,

    /// What it may import that the serving build does not: a capability (mail), a command of another channel (users/find-user) or
    /// all of them (users/*). Once for each
    #[arg(long = "grant", value_name = "NAME")]
    grants: Vec<String>,

    /// Serve it although it is older than what was deployed before
    #[arg(long)]
    allow_downgrade: bool,

    /// Serve it although it was put into quarantine
    #[arg(long)]
    allow_quarantined: bool,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: DeployArgs, output: &Output) -> Result<(), Failed> {
    let path = path_of(&args.channel)?;
    let build = read(&args.file)?;
    let client = Client::new(&args.server, Address::Administration)?;
    let mut query: Vec<(&str, &str)> = args
        .grants
        .iter()
        .map(|grant| ("grant", grant.as_str()))
        .collect();
    query.extend(args.allow_downgrade.then_some(("allow_downgrade", "true")));
    query.extend(
        args.allow_quarantined
            .then_some(("allow_quarantined", "true")),
    );
    let request = client
        .request(Method::PUT, &with_query(&path, &query))
        .header(CONTENT_TYPE, "application/wasm")
        .timeout(DEPLOY)
        .body(build);
    let done = client.ask(request).await?.unwrap_or_default();
    output.show(&done, show_deployed);
    Ok(())
}

/// The file's bytes. One that no server would take is not read.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let named = || format!("{} cannot be read", path.display());
    let file = std::fs::File::open(path).with_context(named)?;
    let most = MAX_COMPONENT_BYTES;
    let mut build = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit)
        .read_to_end(&mut build)
        .with_context(named)?;
    anyhow::ensure!(
        build.len() <= most,
        "{} is too large to be a build: at most {most} bytes are accepted",
        path.display()
    );
    Ok(build)
}

/// `path?name=value&…`
pub(super) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let mut text = form_urlencoded::Serializer::new(format!("{path}?"));
    text.extend_pairs(query).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded() {
        assert_eq!(with_query("/a", &[]), "/a");
        let query = [("grant", "users/*"), ("grant", "a&b"), ("from", "x")];
        assert_eq!(
            with_query("/a", &query),
            "/a?grant=users%2F*&grant=a%26b&from=x"
        );
    }

    #[test]
    fn a_file_is_named_if_it_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.wasm");
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.contains("none.wasm"), "{error}");
        std::fs::write(&path, b"a build").unwrap();
        assert_eq!(read(&path).unwrap(), b"a build");
        let large = std::fs::File::create(&path).unwrap();
        large.set_len(MAX_COMPONENT_BYTES as u64 + 1).unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.contains("too large"), "{error}");
    }
}
