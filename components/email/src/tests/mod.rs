//! The commands, against a world in memory.

mod access;
mod configuration;
mod fields;
mod limits;
mod looks;
mod notices;
mod queue;
mod words;

use crate::error::Error;
use crate::ports::Mail;
use crate::service::{NoticeKind, TokenMail};
use crate::testing::{World, notice, token_mail};

const HOUR: u64 = 60 * 60 * 1_000;

/// What sends a mail with a token.
type Send = fn(&World, TokenMail) -> Result<(), Error>;

/// The commands that send mails with tokens.
const TOKEN_MAILS: [Send; 2] = [
    |world, request| world.service().send_verify_email(request),
    |world, request| world.service().send_forgot_password_email(request),
];

/// What asks for one mail, and how it is answered.
type Ask = fn(&World) -> Result<(), Error>;

/// Every command that sends, with requests that are good.
const ALL_MAILS: [Ask; 4] = [
    |world| world.service().send_verify_email(token_mail()),
    |world| world.service().send_forgot_password_email(token_mail()),
    |world| {
        let notice = notice(NoticeKind::PasswordChanged);
        world.service().send_notice(notice)
    },
    |world| {
        let notice = notice(NoticeKind::SignUpAttempt);
        world.service().send_notice(notice)
    },
];

/// The mail that comes of `request`.
fn mail_of(send: Send, request: TokenMail) -> Mail {
    let world = World::default();
    send(&world, request).unwrap();
    world.mail()
}
