//! The command line: arguments in, exit code out.

mod audit;
mod backup;
mod call;
mod client;
mod component;
mod doctor;
mod failed;
mod key;
mod lifetime;
mod mail;
mod moment;
mod output;
mod restore;
mod serve;
mod signing_key;
mod subject;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::failed::Failed;
use self::output::Output;

/// An authentication backend whose every service is a sandboxed WebAssembly component.
#[derive(Parser)]
#[command(name = "vestibule", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    json: bool,
}

const EXAMPLES: &str = "\
Start here:
  vestibule serve                                          a server on 127.0.0.1, its data in ./data
  vestibule call token generate-tokens '{\"id\": \"user-1\"}'  a first message
  vestibule key create billing --scope token/verify-token  a key for a service of yours

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the server could not be reached.";

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::ServeArgs),
    /// Send one command to a channel and print its reply
    Call(call::CallArgs),
    /// Show the components that serve, deploy others in their place, make and judge new ones
    #[command(subcommand)]
    Component(component::ComponentCommand),
    /// Make, show and revoke service keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Show and rotate the keys that sign
    #[command(subcommand)]
    SigningKey(signing_key::SigningKeyCommand),
    /// Show the mails that the server sent or keeps, and try one again
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Find, make, change and import people's accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Export or remove what is stored about somebody
    #[command(subcommand)]
    Subject(subject::SubjectCommand),
    /// Read what was decided, by whom and about whom
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Write a backup of a running server to a file
    Backup(backup::BackupArgs),
    /// Put a backup into an empty data folder
    Restore(restore::RestoreArgs),
    /// Look at an installation and say what is not well
    Doctor(doctor::DoctorArgs),
}

/// Where the data folder is.
#[derive(Args)]
struct DataArg {
    /// The data folder
    #[arg(long, env = "VESTIBULE_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArg {
    fn folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("data"))
    }
}

/// Where the configuration is.
#[derive(Args)]
struct ConfigArg {
    /// The configuration file; without one, everything has its default
    #[arg(long, env = "VESTIBULE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    // Wrong usage ends here, with exit code 2.
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    match run(cli.command, &output) {
        Ok(code) => code,
        Err(failed) => failed.report(&output),
    }
}

fn run(command: Command, output: &Output) -> Result<ExitCode, Failed> {
    let runtime = vestibule::runtime().build().map_err(anyhow::Error::from)?;
    runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(args, output).await,
            Command::Call(args) => call::run(args, output).await,
            Command::Component(command) => component::run(command, output).await,
            Command::Key(command) => key::run(command, output).await,
            Command::SigningKey(command) => signing_key::run(command, output).await,
            Command::Mail(command) => mail::run(command, output).await,
            Command::User(command) => user::run(command, output).await,
            Command::Subject(command) => subject::run(command, output).await,
            Command::Audit(command) => audit::run(command, output).await,
            Command::Backup(args) => backup::run(args, output).await,
            Command::Restore(args) => restore::run(args, output).await,
            Command::Doctor(args) => return doctor::run(args, output).await,
        }
        .map(|()| ExitCode::SUCCESS)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_takes_json() {
        for arguments in [
            "serve",
            "call token verify-token",
            "call accounts profile --as u --role admin --role user",
            "component list",
            "component inspect token",
            "component keygen --out f",
            "component sign f --channel token --key k --counter 7 --out s",
            "component verify f --signature s --channel token --key ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "component push f oci://ghcr.io/a/b:1 --signature s",
            "component fetch oci://ghcr.io/a/b:1 --out f",
            "component conformance token f --against g --config h --scenarios d",
            "component new --channel notes --lang js --dir d",
            "component deploy token f.wasm --grant mail --grant users/* --allow-downgrade --allow-quarantined",
            "component rollback token --quarantine --allow-unread-schema",
            "component rollback token --offline",
            "key create a --scope token/*",
            "key list",
            "key revoke k",
            "signing-key list",
            "signing-key rotate",
            "mail list",
            "mail show m",
            "mail retry m",
            "user find a@example.com",
            "user show u",
            "user create a@example.com --owner --verified --first-name A --last-name B",
            "user disable u",
            "user enable u",
            "user roles u user admin",
            "user sessions u",
            "user end-sessions u --session s",
            "user delete u",
            "user import f --from 2",
            "subject export u",
            "subject forget u",
            "audit tail --follow -n 5 --action sign-in --subject u",
            "audit export --since 7d --until 2026-01-31 --action sign-in --subject u",
            "backup f",
            "restore f",
            "doctor",
        ] {
            let words = ["vestibule"].into_iter().chain(arguments.split(' '));
            let cli = Cli::try_parse_from(words.chain(["--json"]));
            assert!(cli.is_ok_and(|cli| cli.json), "{arguments}");
        }
    }

    #[test]
    fn wrong_usage_is_exit_code_2() {
        for arguments in [
            "",
            "serv",
            "component conformance token",
            "call token",
            "component deploy token",
            "component rollback",
            "component rollback token --offline --allow-unread-schema",
            "component rollback token --offline --url http://127.0.0.1:8081",
            "call token verify-token --role admin",
            "component keygen",
            "component sign f --channel token",
            "component sign f --key k",
            "component sign f --channel token --key k --counter 0",
            "component sign f --channel token --key k --counter 9007199254740992",
            "component verify f",
            "component verify oci://ghcr.io/a --key ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "component push f ghcr.io/a/b:1",
            "component fetch oci://ghcr.io/a/b:1",
            "component verify f --key ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "key create a",
            "component new --channel notes",
            "component new --channel notes --lang perl",
            "mail list --state lost",
            "serve --listen nowhere",
            "user create a@example.com --password s3cret",
            "user create a@example.com s3cret",
            "user roles u",
            "user import f --from 0",
            "user import",
            "subject forget",
            "audit export --since yesterday",
            "audit tail -n -1",
        ] {
            let words = ["vestibule"]
                .into_iter()
                .chain(arguments.split_whitespace());
            let error = Cli::try_parse_from(words).err().unwrap();
            assert_eq!(error.exit_code(), 2, "{arguments}");
        }
    }

    #[test]
    fn a_key_from_the_environment_is_not_shown() {
        let help = Cli::command()
            .find_subcommand_mut("call")
            .unwrap()
            .render_long_help()
            .to_string();
        assert!(help.contains("[env: VESTIBULE_KEY]"), "{help}");
    }
}
