//! `vestibule user`: people's accounts.
//!
//! These are messages to the channels, sent with the operator key like anybody else's: the host has no part in them, and
//! this is the only place of it that names their commands.

mod account;
mod channels;
mod create;
mod import;
mod password;
mod sessions;

use clap::{Args, Subcommand};

use super::client::ServerArgs;
use super::failed::Failed;
use super::output::Output;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Find an account by its e-mail
    Find(account::FindArgs),
    /// Show an account and its profile
    Show(IdArgs),
    /// Make an account; its password is asked for on the terminal, or read from stdin
    Create(create::CreateArgs),
    /// Switch an account off, which ends all its sessions at once
    Disable(IdArgs),
    /// Switch an account on again
    Enable(IdArgs),
    /// Set what an account may do; its sessions end if that is less than before
    Roles(account::RolesArgs),
    /// List the sessions of an account
    Sessions(IdArgs),
    /// End all sessions of an account, or one
    EndSessions(sessions::EndArgs),
    /// Delete an account for ever: sessions, tokens, profile and queued mails
    Delete(IdArgs),
    /// Take accounts over from another system
    Import(import::ImportArgs),
}

/// Whose account.
#[derive(Args)]
pub(super) struct IdArgs {
    /// The account's id, as `user find` shows it
    id: String,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(command: UserCommand, output: &Output) -> Result<(), Failed> {
    match command {
        UserCommand::Find(args) => account::find(&args, output).await,
        UserCommand::Show(args) => account::show(&args, output).await,
        UserCommand::Create(args) => create::run(args, output).await,
        UserCommand::Disable(args) => account::set_disabled(&args, true, output).await,
        UserCommand::Enable(args) => account::set_disabled(&args, false, output).await,
        UserCommand::Roles(args) => account::set_roles(&args, output).await,
        UserCommand::Sessions(args) => sessions::list(&args, output).await,
        UserCommand::EndSessions(args) => sessions::end(&args, output).await,
        UserCommand::Delete(args) => account::delete(&args, output).await,
        UserCommand::Import(args) => import::run(&args, output).await,
    }
}
