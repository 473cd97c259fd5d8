//! Who may ask what.

use crate::ports::{Message, Principal};

/// The method of a principal that a service only names.
const ACTING: &str = "acting";

/// The method of a principal that came with an API token, or with a session that one began.
const API_TOKEN: &str = "api-token";

/// The source of whatever services ask. Who asks through a service is not told apart.
const SERVICES: &str = "services";

impl Message {
    /// From where it is asked, as far as that is counted.
    pub(crate) fn source(&self) -> String {
        if self.is_service {
            return SERVICES.to_owned();
        }
        client_source::name(self.remote_address.as_deref())
    }

    /// From which network of many sources it is asked, if there is one.
    pub(crate) fn site(&self) -> Option<String> {
        if self.is_service {
            return None;
        }
        client_source::site(self.remote_address.as_deref())
    }

    /// Whether a service asks, or a component to whom the command was granted.
    pub(crate) fn is_granted(&self) -> bool {
        self.is_service || self.is_nested
    }

    /// Whether a service asks, and no component in between.
    pub(crate) fn is_service_itself(&self) -> bool {
        self.is_service && !self.is_nested
    }

    /// Whether the operator asks, and no component in between.
    pub(crate) fn is_operator_itself(&self) -> bool {
        self.is_operator && !self.is_nested
    }

    /// Whether the account `id` may be shown.
    pub(crate) fn may_see(&self, id: &str) -> bool {
        self.is_service || self.principal_is(id)
    }

    /// Whether the password of `id` may be changed, or the account deleted, by whoever has the password too.
    ///
    /// A person does so in a session of theirs. A principal that became known by the password alone is not enough: the
    /// build that handles a sign-in has both, and must not gain by it.
    pub(crate) fn may_change_credentials(&self, id: &str) -> bool {
        match &self.principal {
            Some(principal) if principal.subject != id => false,
            Some(principal) if principal.is_in_session() => true,
            Some(principal) => {
                self.is_service_itself() || (self.is_service && principal.has_method(ACTING))
            }
            None => self.is_service_itself(),
        }
    }

    /// By what wrong passwords of somebody who is signed in to the account `id` are counted: each session by itself, so that
    /// whoever stole one does not keep the owner from changing the password in another. A service has no session.
    pub(crate) fn proof_key(&self, id: &str) -> String {
        let session = self.principal.as_ref().and_then(|it| it.session.as_ref());
        session.map_or_else(|| account_key(id), |session| format!("session/{session}"))
    }

    fn principal_is(&self, id: &str) -> bool {
        self.principal
            .as_ref()
            .is_some_and(|principal| principal.subject == id)
    }
}

/// By what they are counted for a service that names the account.
pub(crate) fn account_key(id: &str) -> String {
    format!("account/{id}")
}

impl Principal {
    /// Whether they came with an access token of a session that they began themselves.
    fn is_in_session(&self) -> bool {
        self.session.is_some() && !self.has_method(API_TOKEN)
    }

    fn has_method(&self, name: &str) -> bool {
        self.methods.iter().any(|method| method == name)
    }
}
