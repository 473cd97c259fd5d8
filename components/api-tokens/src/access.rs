//! Who may do what with their tokens.

use crate::ports::Principal;
use crate::scopes::cover;

/// The method of a principal that an API token proved, and that of the sessions which one began.
pub(crate) const METHOD: &str = "api-token";

/// What is done with tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// See them.
    See,
    /// End one.
    End,
    /// Make one, change one, remove all. No token does that: whoever finds one would have it for ever.
    Make,
}

impl Principal {
    /// Whether this principal may do so with tokens of theirs.
    pub(crate) fn may(&self, doing: Doing) -> bool {
        let scope = match doing {
            Doing::See => "tokens:read",
            Doing::End | Doing::Make => "tokens:write",
        };
        let by_token = self.methods.iter().any(|method| method == METHOD);
        self.has(scope) && !(by_token && doing == Doing::Make)
    }

    /// Whether the credential gives `scope`.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|scopes| cover(scopes, scope))
    }
}
