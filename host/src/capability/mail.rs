//! `mail`: letters in the outbox, and out of it again, if and only if the transaction commits.

use wasmtime::Result;

use super::bindings::vestibule::capability::mail::{Host, Message};
use crate::outbox::{self, Mail};
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;

/// The most mails of one message.
const MAX_MAILS: u32 = 32;

/// The longest part of a mail, in bytes.
const MAX_PART_BYTES: usize = 128 * 1024;

/// The longest name of mails, in bytes.
const MAX_NAME_BYTES: usize = 256;

impl Host for State {
    fn send(&mut self, message: Message) -> Result<()> {
        if !is_sendable(&message) {
            return Err(self.fault(Fault::Argument));
        }
        let work = self.charge(message.text.len() + message.html.len())?;
        work.usage.mails += 1;
        if work.usage.mails > MAX_MAILS {
            return Err(self.fault(Fault::Effects));
        }
        let expires_at = message.expires_at;
        let mail = Mail {
            to: message.to,
            subject: message.subject,
            text: message.text,
            html: message.html,
            expires_at,
            supersedes: message.supersedes,
        };
        let about = message.about;
        let channel = self.deployment.channel.clone();
        let services = self.services.clone();
        outbox::enqueue_mail(
            self.work()?,
            &services.keyring,
            &channel,
            mail,
            about.as_deref(),
        )
        .map_err(Ending::unavailable)?;
        Ok(())
    }

    fn withdraw(&mut self, to: String, name: String) -> Result<()> {
        if !is_mailbox(&to) || !is_header(&name, MAX_NAME_BYTES) {
            return Err(self.fault(Fault::Argument));
        }
        self.charge(to.len() + name.len())?;
        let channel = self.deployment.channel.clone();
        let services = self.services.clone();
        outbox::withdraw_mails(self.work()?, &services.keyring, &channel, &to, &name)
            .map_err(Ending::unavailable)?;
        self.check_writes()
    }
}

/// Whether `message` keeps the documented bounds.
fn is_sendable(message: &Message) -> bool {
    is_mailbox(&message.to)
        && is_header(&message.subject, 998)
        && message.text.len() <= MAX_PART_BYTES
        && message.html.len() <= MAX_PART_BYTES
        && message
            .about
            .as_deref()
            .is_none_or(|about| is_header(about, 128))
        && message
            .supersedes
            .as_deref()
            .is_none_or(|name| is_header(name, MAX_NAME_BYTES))
}

/// Whether `text` is one mailbox without a display name (RFC 5321 §4.1.2).
fn is_mailbox(text: &str) -> bool {
    let parts = text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !text.contains([' ', '<', '>', ','])
    });
    parts && is_header(text, 254)
}

/// Whether `text` is one line of at most so many bytes: nothing that goes into a header can end it.
fn is_header(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && !text.chars().any(char::is_control)
}
