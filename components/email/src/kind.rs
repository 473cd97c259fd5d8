//! The kinds of mails, and what is different about each beside its words.

const HOUR: u64 = 60 * 60 * 1_000;

/// A kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Asks to verify an address.
    VerifyEmail,
    /// Lets somebody set a new password.
    PasswordReset,
    /// Tells that a password was changed.
    PasswordChanged,
    /// Tells that somebody signed up with an address that has an account.
    SignUpAttempt,
}

impl Kind {
    /// The kinds with a token in them.
    pub(crate) const WITH_TOKEN: [Self; 2] = [Self::VerifyEmail, Self::PasswordReset];

    /// The name under which a newer mail to an address takes the place of a queued one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::PasswordReset => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::SignUpAttempt => "sign-up-attempt",
        }
    }

    /// How long it may wait for delivery, in milliseconds. A token is dead after that; a notice is no news any more.
    pub(crate) fn lifetime(self) -> u64 {
        match self {
            Self::VerifyEmail => 24 * HOUR,
            Self::PasswordReset => HOUR,
            Self::PasswordChanged | Self::SignUpAttempt => 72 * HOUR,
        }
    }

    /// What is taken from for each mail to an address. That a password was changed is always told: if it were counted,
    /// a thief could first use up what there is.
    pub(crate) fn bucket(self) -> Option<&'static str> {
        match self {
            Self::VerifyEmail => Some("email-verify"),
            Self::PasswordReset => Some("email-reset"),
            Self::SignUpAttempt => Some("email-notice"),
            Self::PasswordChanged => None,
        }
    }
}
