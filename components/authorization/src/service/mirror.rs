//! Work that comes to nothing: what a question costs that there is nothing to do for, so that a stranger cannot tell by
//! the time it takes.
//!
//! It goes where the real work goes (another channel's sandbox, the keyed hash, the store) and leaves nothing that anybody
//! reads. Entries are written blind to keys of their own, so they neither grow nor make messages conflict.

use crate::error::Error;
use crate::keys;
use crate::one_time::{self, Purpose};
use crate::ports::Ports;
use crate::settings::MINUTE;

use super::Service;

/// An address that nobody has (RFC 2606 §2).
const NOBODYS_ADDRESS: &str = "nobody@decoy.invalid";

/// About as long as a stored record.
const RECORD: [u8; 256] = [b' '; 256];

impl<P: Ports> Service<'_, P> {
    /// The work of a mail to somebody.
    pub(super) fn decoy_mail(&self) {
        let withdrawn = self.ports.withdraw(NOBODYS_ADDRESS);
        let _ = self.unsent(withdrawn);
    }

    /// The work of a new profile. No account ever has the id that it asks for.
    pub(super) fn decoy_profile(&self) -> Result<(), Error> {
        let nobody = super::registration::new_id(self.ports);
        self.remove_profile(&nobody)
    }

    /// The work of issuing a one-time token.
    pub(super) fn decoy_token(&self) -> Result<(), Error> {
        let token = one_time::draw(self.ports);
        self.one_time(Purpose::SignUp).newest_at(None)?;
        self.ports.mac("decoy", token.reveal().as_bytes());
        self.decoy_records(2);
        Ok(())
    }

    /// The work of storing `count` records.
    pub(super) fn decoy_records(&self, count: usize) {
        let until = self.ports.now().saturating_add(MINUTE);
        for n in 0..count {
            self.ports.put(&keys::decoy(n), &RECORD, Some(until), None);
        }
    }
}
