//! The commands of the token channel, as in the bundled component but for one: `verify` stands beside this file.

#[path = "../../../../components/token/src/service/end.rs"]
mod end;
#[path = "../../../../components/token/src/service/issue.rs"]
mod issue;
#[path = "../../../../components/token/src/service/refresh.rs"]
mod refresh;
#[path = "verify.rs"]
mod verify;

pub use end::Session;
pub use issue::{SessionTokens, Tokens};
pub use refresh::RefreshedSession;
pub use verify::Verified;

use crate::error::Error;
use crate::ports::{Outcome, Ports};
use crate::refresh_token::RefreshToken;
use crate::sessions::Sessions;
use crate::settings::Settings;

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

    /// A refresh token that we issued; whether its family lives is not looked at.
    fn genuine(&self, refresh_token: &str) -> Option<RefreshToken> {
        RefreshToken::parse(refresh_token).filter(|token| token.is_genuine(self.ports))
    }

    fn deny(&self, action: &str, subject: Option<&str>, reason: &str) -> Error {
        let detail = [("reason", reason)];
        self.ports.record(action, Outcome::Denied, subject, &detail);
        Error::AccessDenied
    }

    fn succeed(&self, action: &str, subject: &str, detail: &[(&str, String)]) {
        let detail: Vec<(&str, &str)> = detail
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.ports
            .record(action, Outcome::Success, Some(subject), &detail);
    }

    fn sessions(&self) -> Sessions<'_, P> {
        Sessions::new(self.ports)
    }

    fn settings(&self) -> Settings<'_, P> {
        Settings::new(self.ports)
    }
}
