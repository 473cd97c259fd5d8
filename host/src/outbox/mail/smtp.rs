//! Mails through an SMTP server (RFC 5321, RFC 6409).

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::connections::{Connections, Protection, Server};
use super::message::Sender;
use super::{Delivered, Letter, MailError, Mailer};
use crate::config::{self, MailTls};

/// Hands letters to a server.
pub struct Smtp {
    sender: Sender,
    connections: Connections,
}

impl Smtp {
    /// The server `host`, spoken to as `config` says.
    ///
    /// # Errors
    /// A sentence for the operator that names the key.
    pub(super) fn new(config: &config::Mail, host: &str) -> Result<Self, String> {
        let from = config.from.as_deref().unwrap_or_default();
        let sender = Sender {
            from: mailbox("mail.from", from)?,
            reply_to: match &config.reply_to {
                Some(text) => Some(mailbox("mail.reply_to", text)?),
                None => None,
            },
        };
        let hello = config.hello.as_deref();
        let hello = hello.unwrap_or(sender.from.email.domain()).to_owned();
        let credentials = config.username.clone().zip(config.password.clone());
        let server = Server {
            host: host.to_owned(),
            port: config.effective_port(),
            protection: protection(config, host)?,
            credentials: credentials.map(|(name, password)| Credentials::new(name, password)),
            hello: ClientId::Domain(hello),
            // The other half is the mail's.
            patience: Duration::from_millis(config.timeout_ms / 2),
            most: usize::try_from(config.concurrency).unwrap_or(usize::MAX),
        };
        Ok(Self {
            sender,
            connections: Connections::new(server),
        })
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn deliver(&self, letter: &Letter) -> Result<Delivered, MailError> {
        let message = self.sender.message(letter);
        let (envelope, message) = message.map_err(MailError::Refused)?;
        self.connections.send(&envelope, &message).await?;
        Ok(Delivered::Sent)
    }

    async fn rest(&self) {
        self.connections.rest();
    }
}

fn mailbox(key: &str, text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| {
        format!("{key} must be an address, such as \"Example <no-reply@example.com>\"")
    })
}

fn protection(config: &config::Mail, host: &str) -> Result<Protection, String> {
    let parameters = || {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(file) = &config.ca_file {
            builder = builder.add_root_certificate(certificates(file)?);
        }
        let built = builder.build();
        built.map_err(|_| "mail: TLS cannot be set up; check mail.ca_file".to_owned())
    };
    Ok(match config.effective_tls() {
        MailTls::None => Protection::None,
        MailTls::Starttls => Protection::Upgraded(parameters()?),
        MailTls::Implicit => Protection::Implicit(parameters()?),
    })
}

fn certificates(file: &Path) -> Result<Certificate, String> {
    let pem =
        std::fs::read(file).map_err(|cause| format!("mail.ca_file cannot be read: {cause}"))?;
    let none = || "mail.ca_file must hold certificates in PEM".to_owned();
    if !pem.windows(11).any(|window| window == b"CERTIFICATE") {
        return Err(none());
    }
    Certificate::from_pem(&pem).map_err(|_| none())
}

#[cfg(test)]
mod tests;
