//! A world in memory: every port, a queue of mails that works as the host's, and buckets that the test fills.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::error::Error;
use crate::ports::{Caller, Config, Effects, Limits, Mail, Mails, Message, Outcome, Ports};
use crate::service::{Notice, NoticeKind, Service, TokenMail};

/// Where every test's clock starts.
pub(crate) const START: u64 = 1_800_000_000_000;

/// The token of every mail, unless a test says otherwise.
pub(crate) const TOKEN: &str = "c2VjcmV0LXRva2VuLWZvci10ZXN0cw_-";

/// Whether it was written, what, of whom, with which details.
type Audited = (String, Outcome, Option<String>, Vec<(String, String)>);

pub(crate) struct World {
    pub(crate) message: Cell<Message>,
    pub(crate) queue: RefCell<Vec<Mail>>,
    pub(crate) audit: RefCell<Vec<Audited>>,
    pub(crate) log: RefCell<Vec<String>>,
    /// Bucket and key of each take.
    pub(crate) takes: RefCell<Vec<(String, String)>>,
    /// What every bucket answers.
    pub(crate) retry_after: Cell<Option<u64>>,
    /// How often a setting was read.
    pub(crate) reads: Cell<usize>,
    config: RefCell<BTreeMap<String, String>>,
}

impl Default for World {
    fn default() -> Self {
        let world = Self {
            message: Cell::new(SERVICE),
            queue: RefCell::default(),
            audit: RefCell::default(),
            log: RefCell::default(),
            takes: RefCell::default(),
            retry_after: Cell::default(),
            reads: Cell::default(),
            config: RefCell::default(),
        };
        world.set("public-origin", "https://id.example.org");
        world.set("product-name", "Example");
        world
    }
}

/// A service that calls from outside.
pub(crate) const SERVICE: Message = Message {
    is_service: true,
    is_nested: false,
};

/// A component that was granted a command, on a plane that is not for services.
pub(crate) const COMPONENT: Message = Message {
    is_service: false,
    is_nested: true,
};

/// Anybody else.
pub(crate) const STRANGER: Message = Message {
    is_service: false,
    is_nested: false,
};

impl World {
    pub(crate) fn service(&self) -> Service<'_, Self> {
        Service::new(self)
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.config
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&self, name: &str) {
        self.config.borrow_mut().remove(name);
    }

    /// The only mail that is queued.
    pub(crate) fn mail(&self) -> Mail {
        let queue = self.queue.borrow();
        let [mail] = queue.as_slice() else {
            panic!("{} mails", queue.len())
        };
        mail.clone()
    }

    /// Everything that was left behind for operators to read.
    pub(crate) fn records(&self) -> String {
        format!("{:?}{:?}", self.audit.borrow(), self.log.borrow())
    }

    /// Whether the last audit record is of this kind.
    pub(crate) fn last_audited(&self, action: &str, outcome: Outcome, what: &str) -> bool {
        let audit = self.audit.borrow();
        audit.last().is_some_and(|(found, how, _, detail)| {
            let said = detail.iter().find(|(name, _)| name == "what");
            found == action && *how == outcome && said.map_or("", |(_, value)| value) == what
        })
    }
}

/// A mail with a token for Ada.
pub(crate) fn token_mail() -> TokenMail {
    TokenMail {
        email: "Ada@Example.org".to_owned(),
        token: TOKEN.to_owned(),
        first_name: Some("Ada".to_owned()),
        last_name: Some("King".to_owned()),
        about: Some("a1".to_owned()),
    }
}

/// A notice for Ada.
pub(crate) fn notice(subject: NoticeKind) -> Notice {
    Notice {
        email: "Ada@Example.org".to_owned(),
        subject,
        about: Some("a1".to_owned()),
    }
}

/// The fields that a refusal names.
pub(crate) fn violated<T: std::fmt::Debug>(refused: Result<T, Error>) -> Vec<&'static str> {
    match refused {
        Err(Error::ValidationFailed(violations)) => {
            violations.iter().map(|violation| violation.path).collect()
        }
        other => panic!("{other:?}"),
    }
}

impl Ports for World {}

impl Mails for World {
    fn send(&self, mail: Mail) {
        // The host ends such a message as a fault of the component.
        let is_header = |text: &str, longest| {
            (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        assert!(is_header(&mail.to, 254) && is_header(&mail.subject, 998));
        assert!(is_header(mail.supersedes, 256));
        assert!(
            mail.about
                .as_deref()
                .is_none_or(|about| is_header(about, 128))
        );
        assert!(mail.text.len() <= 128 * 1024 && mail.html.len() <= 128 * 1024);
        self.withdraw(&mail.to, mail.supersedes);
        self.queue.borrow_mut().push(mail);
    }

    fn withdraw(&self, to: &str, name: &str) {
        self.queue
            .borrow_mut()
            .retain(|mail| mail.to != to || mail.supersedes != name);
    }
}

impl Limits for World {
    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        assert!(key.len() <= 512 && bucket.len() <= 64);
        self.takes
            .borrow_mut()
            .push((bucket.to_owned(), key.to_owned()));
        self.retry_after.get()
    }
}

impl Config for World {
    fn get(&self, name: &str) -> Option<String> {
        self.reads.set(self.reads.get() + 1);
        self.config.borrow().get(name).cloned()
    }
}

impl Effects for World {
    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        assert!(action.len() <= 64 && detail.len() <= 16);
        assert!(subject.is_none_or(|subject| subject.len() <= 128));
        let detail = detail
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.audit.borrow_mut().push((
            action.to_owned(),
            outcome,
            subject.map(str::to_owned),
            detail.collect(),
        ));
    }

    fn complain(&self, line: &str) {
        assert!(line.len() <= 1_024);
        self.log.borrow_mut().push(line.to_owned());
    }
}

impl Caller for World {
    fn message(&self) -> Message {
        self.message.get()
    }

    fn now(&self) -> u64 {
        START
    }
}
