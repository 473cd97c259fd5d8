//! What a message's credential opens: the user plane's rules, for services that act for somebody too.
//!
//! ```text
//!                                     with a scope   with a session   with an API token
//! a session's access token            yes            yes              no
//! an API token                        if it has it   no               yes
//! a session that an API token began   if it has it   no               no
//! a service that acts for somebody    yes            yes              no
//! ```

use crate::ports::{Message, Plane, Principal};

/// The method of a principal that an API token proves, also by the session it began.
const API_TOKEN: &str = "api-token";

/// The scope that has all others in it.
const EVERYTHING: &str = "*";

/// What a command asks of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A credential that is not limited, or has all of these scopes.
    Scopes(&'static [&'static str]),
    /// A session's access token that is not limited: a person, not a program.
    Session,
    /// An API token itself.
    ApiToken,
}

impl Message {
    /// Whether the credential of `person`, whom the message is from, is what is needed.
    pub(crate) fn fits(&self, person: &Principal, needs: Needs) -> bool {
        match needs {
            Needs::Scopes(scopes) => scopes.iter().all(|scope| person.has(scope)),
            Needs::Session => {
                person.is_no_program() && (self.plane == Plane::Service || person.session.is_some())
            }
            Needs::ApiToken => person.session.is_none() && person.came_by_api_token(),
        }
    }
}

impl Principal {
    /// The bucket key of this credential. Each session has its own: who stole one does not use up its owner's. API tokens and
    /// the sessions they began share one, since there can be any number of them.
    pub(crate) fn bucket_key(&self) -> String {
        match &self.session {
            Some(session) if self.is_no_program() => format!("session/{session}"),
            _ => format!("subject/{}", self.subject),
        }
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| {
            scopes
                .iter()
                .any(|known| known == scope || known == EVERYTHING)
        })
    }

    fn is_no_program(&self) -> bool {
        self.scopes.is_none() && !self.came_by_api_token()
    }

    fn came_by_api_token(&self) -> bool {
        self.methods.iter().any(|method| method == API_TOKEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(methods: &[&str], session: Option<&str>, scopes: Option<&[&str]>) -> Message {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Message {
            plane: Plane::User,
            remote_address: None,
            principal: Some(Principal {
                subject: "u1".to_owned(),
                scopes: scopes.map(texts),
                session: session.map(str::to_owned),
                methods: texts(methods),
            }),
        }
    }

    fn may(message: &Message) -> bool {
        let person = message.principal.as_ref().unwrap();
        message.fits(person, Needs::Session)
    }

    // L05
    #[test]
    fn a_session_is_a_persons_only_if_nothing_says_otherwise() {
        assert!(may(&by(&["jwt", "pwd"], Some("s"), None)));
        // A credential without a session, one that is limited, and one that began with an API token.
        assert!(!may(&by(&["pwd"], None, None)));
        assert!(!may(&by(&["jwt", "pwd"], Some("s"), Some(&["*"]))));
        assert!(!may(&by(&["jwt", "api-token"], Some("s"), None)));
    }

    // L05
    #[test]
    fn a_service_in_between_makes_no_person_of_a_program() {
        let by_service = |methods: &[&str], scopes| Message {
            plane: Plane::Service,
            ..by(methods, None, scopes)
        };
        assert!(may(&by_service(&["acting"], None)));
        assert!(!may(&by_service(&["api-token"], None)));
        assert!(!may(&by_service(&["acting"], Some(&["*"]))));
    }
}
