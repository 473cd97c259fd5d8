//! One mail transaction (RFC 5321 §3.3): who it is from, whom it is to, its words, and what the answers mean.
//!
//! It is spoken step by step because the same answer means something else at each: "authentication required" to the
//! sender, who is the same in every mail, is about the account; to one recipient it is about that address.

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter, ServerInfo};

use super::{MailError, Reason};

/// What an answer is about.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The sender.
    Sender,
    /// The recipient or the words.
    Mail,
}

/// Says `message` to the server. After an error the connection is of no use for another mail.
pub(super) async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), MailError> {
    let parameters = parameters(connection.server_info(), envelope, message)?;
    let sender = Mail::new(envelope.from().cloned(), parameters);
    understood(connection.command(sender).await, Step::Sender)?;
    for address in envelope.to() {
        let recipient = Rcpt::new(address.clone(), Vec::new());
        understood(connection.command(recipient).await, Step::Mail)?;
    }
    understood(connection.command(Data).await, Step::Mail)?;
    understood(connection.message(message).await, Step::Mail)
}

/// What the server must be told of this mail, if it can be told (RFC 6531, RFC 6152).
fn parameters(
    server: &ServerInfo,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Vec<MailParameter>, MailError> {
    let mut addresses = envelope.to().iter().chain(envelope.from());
    let international = addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii());
    let mut parameters = Vec::new();
    for (needed, extension, parameter) in [
        (
            international,
            Extension::SmtpUtfEight,
            MailParameter::SmtpUtfEight,
        ),
        (
            !message.is_ascii(),
            Extension::EightBitMime,
            MailParameter::Body(MailBodyParameter::EightBitMime),
        ),
    ] {
        if !needed {
            continue;
        }
        if !server.supports_feature(extension) {
            let reason = Reason::new("the server takes no such address");
            return Err(MailError::Refused(reason));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

fn understood<T>(answer: Result<T, Error>, step: Step) -> Result<(), MailError> {
    answer.map(drop).map_err(|error| meaning(&error, step))
}

/// What the server's answer means for the mail, or that there is none.
fn meaning(error: &Error, step: Step) -> MailError {
    match (error.status().map(u16::from), step) {
        // It wants an account, another one, or TLS (RFC 4954 §6): so it would answer to every mail.
        (Some(code @ (530 | 534 | 535 | 538)), Step::Sender) => {
            MailError::Down(Reason::new("does not accept the account").with_code(code))
        }
        // Servers that take mail from anybody for their own people only say so. It may also be the account, which can be
        // mended: no reason to stop the other mails, and none to give this one up at once.
        (Some(code @ (530 | 534 | 535 | 538)), Step::Mail) => {
            MailError::Deferred(Reason::new("the server wants an account for it").with_code(code))
        }
        // Every mail has the same sender. What is said of this one's size or parameters is not about that (RFC 5321 §4.2.2,
        // §4.1.1.11).
        (Some(code), Step::Sender) if error.is_permanent() && !matches!(code, 501 | 552 | 555) => {
            MailError::Down(Reason::new("does not accept the sender").with_code(code))
        }
        (Some(code), _) if error.is_permanent() => {
            MailError::Refused(Reason::new("refused by the server").with_code(code))
        }
        (Some(code), _) => {
            MailError::Deferred(Reason::new("put off by the server").with_code(code))
        }
        (None, _) => MailError::Deferred(Reason::new("the connection was lost")),
    }
}
