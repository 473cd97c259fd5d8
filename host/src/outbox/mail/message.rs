//! A letter as an Internet message (RFC 5322) and its envelope.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use super::{Letter, Reason};

/// Who mails are from.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
}

impl Sender {
    /// Envelope and text of `letter`. The Message-ID is made of the letter's id, so that it is the same for every try.
    ///
    /// # Errors
    /// Why it can be no message.
    pub(super) fn message(&self, letter: &Letter) -> Result<(Envelope, Vec<u8>), Reason> {
        let address = letter.mail.to.parse();
        let address = address.map_err(|_| Reason::new("the address is none"))?;
        let sent = UNIX_EPOCH.checked_add(Duration::from_millis(letter.at));
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(&*letter.mail.subject)
            .message_id(Some(self.message_id(letter)))
            .date(sent.unwrap_or(UNIX_EPOCH))
            .raw_header(automatic());
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = || SinglePart::plain(letter.mail.text.clone());
        let html = || SinglePart::html(letter.mail.html.clone());
        let message = match (letter.mail.text.is_empty(), letter.mail.html.is_empty()) {
            (_, true) => builder.singlepart(text()),
            (true, false) => builder.singlepart(html()),
            // The last part is the one that is preferred (RFC 2046 §5.1.4).
            (false, false) => builder.multipart(
                MultiPart::alternative()
                    .singlepart(text())
                    .singlepart(html()),
            ),
        };
        let message = message.map_err(|_| Reason::new("it is no message"))?;
        Ok((message.envelope().clone(), message.formatted()))
    }

    fn message_id(&self, letter: &Letter) -> String {
        format!("<{}@{}>", letter.id, self.from.email.domain())
    }
}

/// A program sent it: other programs are not to answer (RFC 3834 §5).
fn automatic() -> HeaderValue {
    const NAME: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(NAME, "auto-generated".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Mail;

    fn letter(to: &str, subject: &str, text: &str, html: &str) -> Letter {
        Letter {
            id: "0190a000-0000-7000-8000-000000000001-00-00".to_owned(),
            at: 1_700_000_000_000,
            mail: Mail {
                to: to.to_owned(),
                subject: subject.to_owned(),
                text: text.to_owned(),
                html: html.to_owned(),
                expires_at: u64::MAX,
                supersedes: None,
            },
        }
    }

    fn sender() -> Sender {
        Sender {
            from: "Example <no-reply@example.com>".parse().unwrap(),
            reply_to: Some("help@example.com".parse().unwrap()),
        }
    }

    fn written(letter: &Letter) -> String {
        let (_, bytes) = sender().message(letter).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_letter_is_a_message_with_two_faces() {
        let letter = letter("ann@example.org", "Hello", "words\n", "<p>words</p>");
        let (envelope, _) = sender().message(&letter).unwrap();
        assert_eq!(envelope.to(), ["ann@example.org".parse().unwrap()]);
        assert_eq!(
            envelope.from(),
            Some(&"no-reply@example.com".parse().unwrap())
        );
        let text = written(&letter);
        for header in [
            "From: Example <no-reply@example.com>\r\n",
            "To: ann@example.org\r\n",
            "Reply-To: help@example.com\r\n",
            "Subject: Hello\r\n",
            "Message-ID: <0190a000-0000-7000-8000-000000000001-00-00@example.com>\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
        ] {
            assert!(text.contains(header), "{header} is missing from\n{text}");
        }
        assert!(text.contains("multipart/alternative"));
        let plain = text.find("text/plain; charset=utf-8").unwrap();
        assert!(plain < text.find("text/html; charset=utf-8").unwrap());
    }

    #[test]
    fn one_face_is_enough() {
        assert!(!written(&letter("a@b.example", "s", "words", "")).contains("multipart"));
        let html = written(&letter("a@b.example", "s", "", "<p>words</p>"));
        assert!(html.contains("text/html") && !html.contains("multipart"));
    }

    #[test]
    fn words_in_any_script_travel_as_ascii_in_short_lines() {
        let long = "ü".repeat(3_000);
        let text = written(&letter("ann@example.org", "Grüße aus Zürich", &long, &long));
        assert!(text.is_ascii());
        assert!(text.split("\r\n").all(|line| line.len() <= 998));
        let ascii = "a".repeat(3_000);
        let text = written(&letter("ann@example.org", "s", &ascii, &ascii));
        assert!(text.split("\r\n").all(|line| line.len() <= 998));
    }

    /// The capability refuses such mails already; should one come through, it is no header all the same.
    #[test]
    fn a_line_end_begins_no_header() {
        // J03
        let text = written(&letter(
            "ann@example.org",
            "Hello\r\nBcc: eve@example.org",
            "a",
            "",
        ));
        assert!(!text.contains("\r\nBcc"), "{text}");
        for to in [
            "ann@example.org\r\nBcc: eve@example.org",
            "ann",
            "",
            "ann@example.org, eve@example.org",
            "a b@example.org",
        ] {
            assert!(
                sender().message(&letter(to, "s", "a", "")).is_err(),
                "{to:?}"
            );
        }
    }
}
