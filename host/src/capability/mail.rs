//! `mail`: a letter in the outbox, if and only if the transaction commits.

use wasmtime::Result;

use super::bindings::vestibule::capability::mail::{Host, Message};
use crate::outbox::{self, Mail};
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;

/// The most mails of one message.
const MAX_MAILS: u32 = 32;

/// The longest part of a mail, in bytes.
const MAX_PART_BYTES: usize = 128 * 1024;

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
        Ok(
            outbox::enqueue_mail(self.work()?, &services.keyring, &channel, mail, about)
                .map_err(Ending::unavailable)?,
        )
    }
}

/// Whether `message` keeps the documented bounds. The address is one mailbox without a display name (RFC 5321 §4.1.2), and
/// nothing that goes into a header can end it.
fn is_sendable(message: &Message) -> bool {
    let header = |text: &str, longest: usize| {
        !text.is_empty() && text.len() <= longest && !text.chars().any(char::is_control)
    };
    let mailbox = message.to.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !message.to.contains([' ', '<', '>', ','])
    });
    header(&message.to, 254)
        && mailbox
        && header(&message.subject, 998)
        && message.text.len() <= MAX_PART_BYTES
        && message.html.len() <= MAX_PART_BYTES
        && message
            .about
            .as_deref()
            .is_none_or(|about| header(about, 128))
        && message
            .supersedes
            .as_deref()
            .is_none_or(|name| header(name, 256))
}
