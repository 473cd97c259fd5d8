//! A world in memory: the channels that are called, as their WIT promises them, in one transaction a message, and a clock
//! that the test moves.

mod around;
mod authorization;
mod state;
mod token;
mod users;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::error::{Error, Refused, Violation};
use crate::ports::{Message, Outcome, Plane, Ports, Principal, Session};
use crate::service::Service;

pub(crate) use around::declared;
pub(crate) use state::{Mail, State};

/// Where every test's clock starts.
pub(crate) const START: u64 = 1_800_000_000_000;

/// The password of everybody whom a test does not give another.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Where strangers come from if a test does not say.
pub(crate) const SOMEWHERE: &str = "192.0.2.1";

pub(crate) struct World {
    pub(crate) now: Cell<u64>,
    /// What the other channels store: what a message changed is gone if it ends in an error.
    pub(crate) state: RefCell<State>,
    /// What this message asked of other channels, in order.
    pub(crate) calls: RefCell<Vec<&'static str>>,
    /// From which buckets this message took.
    pub(crate) taken: RefCell<Vec<String>>,
    pub(crate) audit: RefCell<Vec<Audited>>,
    pub(crate) log: RefCell<Vec<String>>,
    message: RefCell<Message>,
    /// How often something was taken from a bucket for a key, and when the bucket is full again.
    buckets: RefCell<BTreeMap<(String, String), (u64, u64)>>,
    /// Wrong passwords for an address or a code: outside the transaction.
    failures: RefCell<BTreeMap<String, u32>>,
    /// Sessions that a replay ended: they stay ended whatever was answered.
    replayed: RefCell<Vec<String>>,
    /// A command of another channel, and what it answers whatever is asked.
    broken: RefCell<Option<(&'static str, Refused)>>,
}

/// An audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audited {
    pub(crate) action: String,
    pub(crate) outcome: Outcome,
    pub(crate) subject: Option<String>,
    pub(crate) detail: Vec<(String, String)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            now: Cell::new(START),
            state: RefCell::default(),
            calls: RefCell::default(),
            taken: RefCell::default(),
            audit: RefCell::default(),
            log: RefCell::default(),
            message: RefCell::new(message(Plane::Public, None)),
            buckets: RefCell::default(),
            failures: RefCell::default(),
            replayed: RefCell::default(),
            broken: RefCell::default(),
        }
    }
}

impl Ports for World {}

impl World {
    /// The next messages are a stranger's.
    pub(crate) fn stranger(&self, remote_address: Option<&str>) -> &Self {
        let stranger = Message {
            remote_address: remote_address.map(str::to_owned),
            ..message(Plane::Public, None)
        };
        self.message.replace(stranger);
        self
    }

    /// The next messages come from an address that no other stranger has.
    pub(crate) fn anybody(&self) -> &Self {
        self.stranger(Some(SOMEWHERE))
    }

    /// The next messages come with the access token of `session`, which must be good.
    pub(crate) fn with(&self, session: &Session) -> &Self {
        let principal = self.verified(&session.access_token);
        let principal = principal.expect("the session lives");
        self.message.replace(message(Plane::User, Some(principal)));
        self
    }

    /// The next messages come with an API token of `subject`.
    pub(crate) fn with_api_token(&self, subject: &str, scopes: &[&str]) -> &Self {
        let principal = Principal {
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            ..principal(subject, "api-token")
        };
        self.message.replace(message(Plane::User, Some(principal)));
        self
    }

    /// The next messages are a service's, which acts for `subject` or nobody.
    pub(crate) fn service(&self, subject: Option<&str>) -> &Self {
        let principal = subject.map(|subject| principal(subject, "acting"));
        self.message.replace(message(Plane::Service, principal));
        self
    }

    /// Sends one message.
    pub(crate) fn ask<T>(
        &self,
        ask: impl FnOnce(Service<'_, Self>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.calls.borrow_mut().clear();
        self.taken.borrow_mut().clear();
        let (message, before) = (self.message.borrow().clone(), self.state.borrow().clone());
        let answer = ask(Service::new(self));
        if answer.is_err() {
            self.state.replace(before);
        }
        for session in self.replayed.take() {
            self.state.borrow_mut().sessions.remove(&session);
        }
        self.message.replace(message);
        answer
    }

    /// Moves the clock on, by milliseconds.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    /// From now on `command` of another channel answers this.
    pub(crate) fn break_down(&self, command: &'static str, refused: Refused) {
        self.broken.replace(Some((command, refused)));
    }

    /// Whether the last audit record is this one.
    pub(crate) fn audited(&self, action: &str, outcome: Outcome, subject: Option<&str>) -> bool {
        let audit = self.audit.borrow();
        audit.last().is_some_and(|last| {
            (last.action.as_str(), last.outcome, last.subject.as_deref())
                == (action, outcome, subject)
        })
    }

    /// Why the last audit record says that something was refused.
    pub(crate) fn reason(&self) -> Option<String> {
        let audit = self.audit.borrow();
        let detail = &audit.last()?.detail;
        let reason = detail.iter().find(|(name, _)| name == "reason");
        reason.map(|(_, value)| value.clone())
    }

    /// What every port does first.
    fn called(&self, command: &'static str) -> Result<(), Refused> {
        self.calls.borrow_mut().push(command);
        match &*self.broken.borrow() {
            Some((broken, refused)) if *broken == command => Err(refused.clone()),
            _ => Ok(()),
        }
    }

    /// The principal, if the message may act for `subject`: a service only where it names them.
    fn acting_for(&self, subject: &str) -> Result<Principal, Refused> {
        let message = self.message.borrow();
        let principal = message.principal.clone().ok_or(Refused::AccessDenied)?;
        let named = principal.methods.iter().any(|method| method == "acting");
        let acts = principal.subject == subject && (!named || message.plane == Plane::Service);
        acts.then_some(principal).ok_or(Refused::AccessDenied)
    }

    /// The same for what needs a session's access token that no API token began, or a service.
    fn at_a_session(&self, subject: &str) -> Result<Principal, Refused> {
        let principal = self.acting_for(subject)?;
        let by_api_token = principal.methods.iter().any(|method| method == "api-token");
        let is_service = self.message.borrow().plane == Plane::Service;
        let fits = is_service || (principal.session.is_some() && !by_api_token);
        fits.then_some(principal).ok_or(Refused::AccessDenied)
    }
}

fn message(plane: Plane, principal: Option<Principal>) -> Message {
    Message {
        plane,
        remote_address: None,
        principal,
    }
}

fn principal(subject: &str, method: &str) -> Principal {
    Principal {
        subject: subject.to_owned(),
        scopes: None,
        session: None,
        methods: vec![method.to_owned()],
    }
}

fn broken(path: &str) -> Refused {
    Refused::ValidationFailed(vec![Violation {
        path: path.to_owned(),
        message: "must keep the rule".to_owned(),
    }])
}
