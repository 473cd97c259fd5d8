//! Work that comes to nothing: what a question costs that there is nothing to do for, so that a stranger cannot tell by
//! the time it takes.
//!
//! It goes where the real work goes (another channel's sandbox, the keyed hash, a bucket, the store) and leaves nothing
//! that anybody reads. Entries are written blind to keys of their own, so they neither grow nor make messages conflict, and
//! there are as many as the other case leaves behind, those of other channels included: in a commit each counts.
//!
//! One is not written blind. Where there is a mail to send or an account to make, of messages for one address that come at
//! once the first commits and the others begin anew, which takes longer. So it is where there is none: a note by the address,
//! for a minute.

use super::Service;
use crate::error::Error;
use crate::keys;
use crate::one_time::{self, Asked, Purpose};
use crate::ports::Ports;
use crate::settings::{MINUTE, NOBODY_BUCKET};

/// An address that nobody has (RFC 2606 §2).
pub(super) const NOBODYS_ADDRESS: &str = "nobody@decoy.invalid";

/// About as long as a stored record.
const RECORD: [u8; 256] = [b' '; 256];

/// About as long as a mail that waits to be delivered.
const LETTER: [u8; 7 * 1024] = [b' '; 7 * 1024];

/// The entries of a mail that was taken: its words, how far it is, its place in the queue, and that it is the newest.
const MAIL_ENTRIES: usize = 4;

/// What the email channel writes when it takes back mails of nobody.
const WITHDRAWN_ENTRIES: usize = 2;

/// The two entries of a profile, the event and the audit record of it.
const PROFILE_ENTRIES: usize = 4;

impl<P: Ports> Service<'_, P> {
    /// The work of a mail to somebody.
    pub(super) fn decoy_mail(&self) {
        let withdrawn = self.ports.withdraw(NOBODYS_ADDRESS);
        let _ = self.unsent(withdrawn);
        self.decoy_letter(MAIL_ENTRIES - WITHDRAWN_ENTRIES);
    }

    /// The entries of a mail that was made and not taken.
    pub(super) fn decoy_untaken(&self) {
        self.decoy_letter(MAIL_ENTRIES);
    }

    /// The work of a new profile. No account ever has the id that it asks for.
    pub(super) fn decoy_profile(&self) -> Result<(), Error> {
        let nobody = super::registration::new_id(self.ports);
        self.remove_profile(&nobody)?;
        self.decoy_records("profile", PROFILE_ENTRIES);
        Ok(())
    }

    /// The work of storing `entries` of the two of an account.
    pub(super) fn decoy_account(&self, entries: usize) {
        self.decoy_records("account", entries);
    }

    /// The work of issuing a one-time token.
    pub(super) fn decoy_token(&self, purpose: Purpose) -> Result<(), Error> {
        self.decoy_issue(purpose)?;
        self.decoy_records("token", 2);
        Ok(())
    }

    /// The work of issuing a one-time token, and a note that one was asked for.
    pub(super) fn decoy_noted_token(&self, purpose: Purpose, asked: &Asked) -> Result<(), Error> {
        self.decoy_issue(purpose)?;
        self.decoy_records("token", 1);
        self.one_time(purpose).note(asked);
        Ok(())
    }

    fn decoy_issue(&self, purpose: Purpose) -> Result<(), Error> {
        let token = one_time::draw(self.ports);
        self.one_time(purpose).was_just_issued(None)?;
        self.ports.mac("decoy", token.reveal().as_bytes());
        self.ports.delete(&one_time::nothing_older());
        Ok(())
    }

    /// Notes that somebody signs up, if that was not noted within the last minute, and in any case as much.
    pub(super) fn note_asked(&self, asked: &Asked) {
        if asked.too_often {
            self.decoy_records("asked", 1);
        } else {
            self.one_time(Purpose::SignUp).note(asked);
        }
    }

    /// The work of counting a mail to somebody.
    pub(super) fn decoy_take(&self) {
        let _ = self.ports.take(NOBODY_BUCKET, NOBODYS_ADDRESS);
    }

    fn decoy_letter(&self, entries: usize) {
        self.decoy("mail", 0, &LETTER);
        for n in 1..entries {
            self.decoy("mail", n, &RECORD);
        }
    }

    fn decoy_records(&self, of: &str, count: usize) {
        for n in 0..count {
            self.decoy(of, n, &RECORD);
        }
    }

    fn decoy(&self, of: &str, n: usize, value: &[u8]) {
        let until = self.ports.now().saturating_add(MINUTE);
        self.ports
            .put(&keys::decoy(of, n), value, Some(until), None);
    }
}
