//! How often somebody may try a password, and who else is kept out by it.
//!
//! ```text
//!           for an address and a source             for an address, wherever from
//! counted   each try; a success forgives them all   failures, and a success from a source that is not known
//! so many   10 in a quarter of an hour              100 in an hour
//!           (all services together: 100)
//! then      nobody is heard, nothing is hashed      only the right password from a known source
//! ```
//!
//! One source that guesses is stopped by the first, and stops nobody else. Many sources that guess together are stopped by
//! the second (ASVS 4.0 §2.2.1). That would keep the owner out too, but for where they were before: a source is *known*
//! from which the account was signed in to, or its address proved.
//!
//! Of the hundred of the second a *site*, an IPv6 network of 65 536 sources, gets thirty: one customer of a provider does not
//! use them up. Beyond those it is for that site as if the hundred were gone.
//!
//! All services are one source, and strangers who guess at a product's form share it with the owner. So it has more tries: a
//! service limits its own users, and what is counted here is for one that does not. It is counted all the same. To most
//! accounts services are known, and the second limit does not stop guesses from a known source.
//!
//! What anybody sees is the same for an address without an account, and from a known source: beyond the second limit every
//! wrong password gets the same answer after the same work, and so does the right one from elsewhere.

use crate::ports::{Limits, Message};
use crate::settings::{
    SIGN_IN_ADDRESS_BUCKET, SIGN_IN_BUCKET, SIGN_IN_SERVICES_BUCKET, SIGN_IN_SITE_BUCKET,
};

/// The tries for an address from a source.
#[derive(Debug)]
pub(crate) struct Tries<'a, P> {
    ports: &'a P,
    address: &'a str,
    /// The bucket of the source.
    bucket: &'static str,
    here: String,
    /// The site, if the source is of one.
    around: Option<String>,
}

impl<'a, P: Limits> Tries<'a, P> {
    /// `address` is canonical, or a text that is no address, at most 254 bytes.
    pub(crate) fn new(ports: &'a P, address: &'a str, message: &Message) -> Self {
        let bucket = if message.is_service {
            SIGN_IN_SERVICES_BUCKET
        } else {
            SIGN_IN_BUCKET
        };
        // Neither part has a line feed, or it is a text that nobody's address is.
        let here = format!("{address}\n{}", message.source());
        let around = message.site().map(|site| format!("{address}\n{site}"));
        Self {
            ports,
            address,
            bucket,
            here,
            around,
        }
    }

    /// The bucket of the tries from here.
    pub(crate) fn bucket(&self) -> &'static str {
        self.bucket
    }

    /// Its key.
    pub(crate) fn here(&self) -> &str {
        &self.here
    }

    /// Begins a try. Some: there were too many from here; there may be one in so many milliseconds.
    pub(crate) fn begin(&self) -> Option<u64> {
        self.ports.take(self.bucket, &self.here)
    }

    /// Counts for the site and for the address, wherever it came from, what was begun. Some: there were too many. What is too
    /// many for the site is not counted for the address.
    pub(crate) fn count(&self) -> Option<u64> {
        let around = self.around.as_ref();
        around
            .and_then(|around| self.ports.take(SIGN_IN_SITE_BUCKET, around))
            .or_else(|| self.ports.take(SIGN_IN_ADDRESS_BUCKET, self.address))
    }

    /// Forgives what failed from here: somebody had the right password (NIST SP 800-63B-4 §3.2.2).
    pub(crate) fn forgive(&self) {
        self.ports.reset(self.bucket, &self.here);
    }

    /// Forgives what failed from here and wherever: somebody proved to be the owner by other means.
    pub(crate) fn forgive_all(&self) {
        self.forgive();
        if let Some(around) = &self.around {
            self.ports.reset(SIGN_IN_SITE_BUCKET, around);
        }
        self.ports.reset(SIGN_IN_ADDRESS_BUCKET, self.address);
    }
}
