//! `vestibule component deploy`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use vestibule::builds::source::{Limits, Source, fetch};

use super::registry::deploy_section;
use super::{path_of, show_deployed};
use crate::cli::ConfigArg;
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
  vestibule component deploy token oci://ghcr.io/example/token:1.2.0

If it is refused, the build that serves was not touched.")]
pub(in crate::cli) struct DeployArgs {
    /// The channel, such as token
    channel: String,

    /// The build: a component in binary form, in a file or at oci://registry/repository:tag
    #[arg(value_parser = Source::parse)]
    build: Source,

    /// Its signature [default: BUILD.sig, if there is one; from a registry the one that came with it]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,

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
    config: ConfigArg,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: DeployArgs, output: &Output) -> Result<(), Failed> {
    let path = path_of(&args.channel)?;
    let deploy = deploy_section(&args.config)?;
    let signature = args.signature.as_deref();
    let build = fetch(&args.build, signature, &deploy, Limits::default()).await?;
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
    let mut request = client
        .request(Method::PUT, &with_query(&path, &query))
        .header(CONTENT_TYPE, "application/wasm")
        .timeout(DEPLOY)
        .body(build.bytes);
    if let Some(signature) = &build.signature {
        request = request.header("vestibule-signature", signature.to_word());
    }
    let done = client.ask(request).await?.unwrap_or_default();
    output.show(&done, show_deployed);
    Ok(())
}

/// `path?name=value&…`
pub(super) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let before = format!("{path}?");
    let start = before.len();
    let mut text = form_urlencoded::Serializer::for_suffix(before, start);
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
}
