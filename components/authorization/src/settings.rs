//! What an operator may configure, as the service reads it, and what is fixed.

use crate::ports::Config;

/// Tried sign-ins, by canonical address and source.
pub const SIGN_IN_BUCKET: &str = "sign-in";

/// Tried sign-ins through services, by canonical address. Many people are behind them, and one who guesses must not keep the
/// others' accounts shut with as few tries as one place has.
pub const SIGN_IN_SERVICES_BUCKET: &str = "sign-in-services";

/// Failed sign-ins, by canonical address and site.
pub const SIGN_IN_SITE_BUCKET: &str = "sign-in-site";

/// Failed sign-ins, by canonical address, wherever from.
pub const SIGN_IN_ADDRESS_BUCKET: &str = "sign-in-address";

/// Wrong passwords of somebody who is signed in, by session. Another bucket, so that strangers who try an address do not
/// keep its owner from changing their password.
pub const PASSWORD_CHECK_BUCKET: &str = "password-check";

/// Records of refusals by a bucket, by that bucket and its key: a flood must not fill the record.
pub const REFUSALS_BUCKET: &str = "refusals";

/// Mails with a link to verify an address, by canonical address.
pub const VERIFICATION_MAIL_BUCKET: &str = "verification-mail";

/// Mails with a link to set a new password, by canonical address.
pub const RESET_MAIL_BUCKET: &str = "reset-mail";

/// What is taken from where nothing is to be counted.
pub const NOBODY_BUCKET: &str = "nobody";

/// At most one notice of sign-ups with an address in so many milliseconds.
pub const NOTICE_INTERVAL: u64 = HOUR;

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// What `min-length` may be: below it no length is enough (NIST SP 800-63B-4 §3.1.1.2), above it no phrase would be.
const MIN_LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;

/// The settings of one message.
#[derive(Debug)]
pub struct Settings<'a, C> {
    config: &'a C,
}

impl<'a, C: Config> Settings<'a, C> {
    /// The settings in `config`.
    pub fn new(config: &'a C) -> Self {
        Self { config }
    }

    /// The fewest code points of a new password.
    #[must_use]
    pub fn min_length(&self) -> usize {
        let configured = self.number("min-length", 8);
        usize::try_from(configured)
            .unwrap_or(usize::MAX)
            .clamp(*MIN_LENGTHS.start(), *MIN_LENGTHS.end())
    }

    /// How long after registration an unverified account may sign in, in milliseconds.
    #[must_use]
    pub fn verification_grace(&self) -> u64 {
        self.number("verification-grace", 2 * DAY)
    }

    /// How long a used refresh token may come again, in milliseconds; 0: never.
    #[must_use]
    pub fn refresh_grace(&self) -> u64 {
        self.number("refresh-grace", 30 * SECOND)
    }

    /// What the product is called.
    #[must_use]
    pub fn product_name(&self) -> Option<String> {
        self.config.get("product-name")
    }

    /// The host checks types before a build serves, so a value that is not a number is as good as none.
    fn number(&self, name: &str, default: u64) -> u64 {
        self.config
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }
}
