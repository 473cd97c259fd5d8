//! What the service asks of other channels: nested calls, in the message's own transaction.

use crate::secret::Secret;

/// All of them, in one bound.
pub trait Channels: Mails + Sessions + Profiles {}

/// The email channel. A mail leaves if and only if the transaction commits.
pub trait Mails {
    /// Mails the link that verifies `to`. Every mail is data of the account `about`.
    ///
    /// # Errors
    /// [`Unsent`].
    fn send_verification(&self, to: &str, token: &Secret, about: &str) -> Result<(), Unsent>;

    /// Mails the link to set a new password.
    ///
    /// # Errors
    /// [`Unsent`].
    fn send_reset(&self, to: &str, token: &Secret, about: &str) -> Result<(), Unsent>;

    /// Mails what somebody is to know.
    ///
    /// # Errors
    /// [`Unsent`].
    fn send_notice(&self, to: &str, notice: Notice, about: &str) -> Result<(), Unsent>;

    /// Takes back mails with a token in them that were not handed over yet, if there are any.
    ///
    /// # Errors
    /// [`Unsent`].
    fn withdraw(&self, to: &str) -> Result<(), Unsent>;
}

/// What somebody is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Their password was changed or reset.
    PasswordChanged,
    /// Somebody signed up with their address.
    SignUpAttempt,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// Too many to this address.
    TooMany,
    /// As in [`Failed`].
    Failed(Failed),
}

/// A refusal that should not be: the installation is not put together as it must be. The name of the other channel's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed(pub &'static str);

/// The token channel.
pub trait Sessions {
    /// Ends every session of `id`, and its access tokens with it, but for one.
    ///
    /// # Errors
    /// [`Failed`].
    fn end_sessions(&self, id: &str, except_session: Option<&str>) -> Result<(), Failed>;
}

/// The users channel.
pub trait Profiles {
    /// Makes the profile of the account `id`, if it has none.
    ///
    /// # Errors
    /// [`Failed`].
    fn add_profile(&self, id: &str, email: &str, name: &PersonName) -> Result<(), Failed>;

    /// Removes the profile of the account `id`, if it has one.
    ///
    /// # Errors
    /// [`Failed`].
    fn remove_profile(&self, id: &str) -> Result<(), Failed>;
}

/// What a person is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonName {
    /// First name, not empty.
    pub first: Option<String>,
    /// Last name, perhaps empty.
    pub last: String,
}
