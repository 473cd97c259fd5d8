//! The commands of the email channel.

use std::fmt;
use std::hint::black_box;

use crate::brand::Brand;
use crate::error::{Error, Misconfigured};
use crate::fields::{self, Recipient};
use crate::kind::Kind;
use crate::letter::Letter;
use crate::link::Page;
use crate::ports::{Mail, Outcome, Ports};
use crate::token::OneTimeToken;

/// A mail with a one-time token in it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenMail {
    /// To whom.
    pub email: String,
    /// The token for the link.
    pub token: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Whose data the mail is.
    pub about: Option<String>,
}

impl fmt::Debug for TokenMail {
    /// Without the token, and without people's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMail")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

/// A mail that tells somebody something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// To whom.
    pub email: String,
    /// What.
    pub subject: NoticeKind,
    /// Whose data the mail is.
    pub about: Option<String>,
}

/// What somebody is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Their password was changed or reset.
    PasswordChanged,
    /// Somebody signed up with their address, which has an account.
    SignUpAttempt,
}

/// What is taken from where nothing is to be counted.
const NOBODY_BUCKET: &str = "email-nobody";

/// An address that nobody has (RFC 2606 §2).
const NOBODYS_ADDRESS: &str = "nobody@decoy.invalid";

/// A mail's subject and parts.
struct Made {
    subject: String,
    text: String,
    html: String,
}

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error(transparent)]
    Misconfigured(#[from] Misconfigured),
    #[error(transparent)]
    Template(#[from] askama::Error),
}

/// The commands, over their ports.
#[derive(Debug)]
pub struct Service<'a, P> {
    ports: &'a P,
}

impl<'a, P: Ports> Service<'a, P> {
    /// The service of one message.
    pub fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// Mails a link that verifies an address.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what breaks a field's rule; [`Error::AccessDenied`] for who is no service and was
    /// not granted this; [`Error::TooManyRequests`] for one address too often; [`Error::Unknown`] if the configuration
    /// makes no mail.
    pub fn send_verify_email(&self, request: TokenMail) -> Result<(), Error> {
        let (recipient, token, name) = fields::token_mail(request)?;
        self.post(Kind::VerifyEmail, recipient, |brand| {
            let link = Page::VerifyEmail.link(self.ports, &token)?;
            Ok(Letter::verify_email(brand, name, link))
        })
    }

    /// Mails a link to set a new password.
    ///
    /// # Errors
    /// As [`send_verify_email`](Self::send_verify_email).
    pub fn send_forgot_password_email(&self, request: TokenMail) -> Result<(), Error> {
        let (recipient, token, name) = fields::token_mail(request)?;
        self.post(Kind::PasswordReset, recipient, |brand| {
            let link = Page::NewPassword.link(self.ports, &token)?;
            Ok(Letter::password_reset(brand, name, link))
        })
    }

    /// Mails a notice.
    ///
    /// # Errors
    /// As [`send_verify_email`](Self::send_verify_email).
    pub fn send_notice(&self, request: Notice) -> Result<(), Error> {
        let subject = request.subject;
        let recipient = fields::notice(request)?;
        match subject {
            NoticeKind::PasswordChanged => self.post(Kind::PasswordChanged, recipient, |brand| {
                Ok(Letter::password_changed(brand))
            }),
            NoticeKind::SignUpAttempt => self.post(Kind::SignUpAttempt, recipient, |brand| {
                Ok(Letter::sign_up_attempt(brand))
            }),
        }
    }

    /// Takes back the queued mails with a token to an address.
    ///
    /// It takes as long as a mail: it is also what is asked where there is nobody to write to, by whoever must not be told
    /// so by the time.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what is no address; [`Error::AccessDenied`] as for the others.
    pub fn withdraw_mails(&self, email: &str) -> Result<(), Error> {
        let address = fields::address(email)?;
        self.check_caller("mail-withdraw", None)?;
        self.rehearse();
        for kind in Kind::WITH_TOKEN {
            self.ports.withdraw(&address, kind.name());
        }
        self.ports
            .record("mail-withdraw", Outcome::Success, None, &[]);
        Ok(())
    }

    /// Makes a mail and counts one, for nobody. A configuration that makes none is complained of when one is sent.
    fn rehearse(&self) {
        let made = self.make(|brand| {
            let link = Page::VerifyEmail.link(self.ports, &OneTimeToken::nobodys())?;
            Ok(Letter::verify_email(brand, None, link))
        });
        // What is made is not looked at, and must be made.
        let _ = black_box(made);
        let _ = self.ports.take(NOBODY_BUCKET, NOBODYS_ADDRESS);
    }

    /// Enqueues a mail of this kind, with what `write` writes. What is counted comes last: a mail that cannot be made
    /// uses up nothing.
    fn post(
        &self,
        kind: Kind,
        recipient: Recipient,
        write: impl FnOnce(&Brand) -> Result<Letter, Misconfigured>,
    ) -> Result<(), Error> {
        let about = recipient.about.as_deref();
        self.check_caller("mail-send", about)?;
        let made = self.make(write);
        let made = made.map_err(|wrong| self.fail(kind, about, wrong))?;
        self.take(kind, &recipient)?;
        self.audit(kind, Outcome::Success, about, "enqueued");
        self.ports.send(Mail {
            to: recipient.address,
            subject: made.subject,
            text: made.text,
            html: made.html,
            expires_at: self.ports.now().saturating_add(kind.lifetime()),
            supersedes: kind.name(),
            about: recipient.about,
        });
        Ok(())
    }

    /// What `write` writes, laid out as the operator configured it.
    fn make(
        &self,
        write: impl FnOnce(&Brand) -> Result<Letter, Misconfigured>,
    ) -> Result<Made, Unmade> {
        let brand = Brand::read(self.ports)?;
        let letter = write(&brand)?;
        Ok(Made {
            text: letter.text(&brand)?,
            html: letter.html(&brand)?,
            subject: letter.subject,
        })
    }

    fn check_caller(&self, action: &str, about: Option<&str>) -> Result<(), Error> {
        let message = self.ports.message();
        if message.is_service || message.is_nested {
            return Ok(());
        }
        self.ports.record(action, Outcome::Denied, about, &[]);
        Err(Error::AccessDenied)
    }

    fn take(&self, kind: Kind, recipient: &Recipient) -> Result<(), Error> {
        let retry_after = kind
            .bucket()
            .and_then(|bucket| self.ports.take(bucket, &recipient.address));
        match retry_after {
            None => Ok(()),
            Some(milliseconds) => {
                let about = recipient.about.as_deref();
                self.audit(kind, Outcome::Denied, about, "too-many");
                Err(Error::TooManyRequests(milliseconds))
            }
        }
    }

    /// The operator is told what is wrong, the caller that something is.
    fn fail(&self, kind: Kind, about: Option<&str>, wrong: impl fmt::Display) -> Error {
        self.ports
            .complain(&format!("no {} mail can be made: {wrong}", kind.name()));
        self.audit(kind, Outcome::Failure, about, "misconfigured");
        Error::Unknown
    }

    fn audit(&self, kind: Kind, outcome: Outcome, about: Option<&str>, what: &str) {
        let detail = [("kind", kind.name()), ("what", what)];
        self.ports.record("mail-send", outcome, about, &detail);
    }
}
