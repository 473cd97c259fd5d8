//! Becoming somebody: sign-up, and the proof that an address is one's own.

use super::Service;
use crate::error::Error;
use crate::ports::{Ports, SignUp};

impl<P: Ports> Service<'_, P> {
    /// Makes a pending account and mails the verification; for an address that has one, the same answer after the same
    /// work.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what breaks a rule, whoever has the address; [`Error::TooManyRequests`].
    pub fn sign_up(&self, request: &SignUp<'_>) -> Result<(), Error> {
        self.admit_stranger("sign-up")?;
        self.decided("sign-up", None, self.ports.sign_up(request))
    }

    /// Verifies the address that `token` was mailed to.
    ///
    /// # Errors
    /// [`Error::NotFound`] for any other token; [`Error::TooManyRequests`].
    pub fn verify_email(&self, token: &str) -> Result<(), Error> {
        self.admit_stranger("verify-email")?;
        self.decided("verify-email", None, self.ports.verify_email(token))
    }

    /// Mails a new verification link if somebody needs one; the same answer if nobody does.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what is no address; [`Error::TooManyRequests`].
    pub fn resend_verification(&self, email: &str) -> Result<(), Error> {
        self.admit_stranger("resend-verification")?;
        let answer = self.ports.start_verification(email);
        self.decided("resend-verification", None, answer)
    }
}
