//! What the other channels store.

use std::collections::BTreeMap;

use super::{PASSWORD, START};
use crate::ports::User;

#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<String, Registered>,
    pub(crate) profiles: BTreeMap<String, User>,
    pub(crate) sessions: BTreeMap<String, Family>,
    /// Whose API tokens there are.
    pub(crate) api_tokens: Vec<String>,
    pub(crate) one_time: BTreeMap<String, OneTime>,
    pub(crate) mails: Vec<Mail>,
    next: u64,
}

#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) verified: bool,
    pub(crate) disabled: bool,
    pub(crate) registered_at: u64,
    /// When a mail was last sent that somebody asked for.
    pub(crate) asked_at: Option<u64>,
}

#[derive(Clone)]
pub(crate) struct Family {
    pub(crate) subject: String,
    pub(crate) generation: u64,
    pub(crate) created_at: u64,
    pub(crate) refreshed_at: u64,
    pub(crate) expires_at: u64,
    /// By then it is over in any case.
    pub(crate) ends_by: u64,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) methods: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct OneTime {
    pub(crate) account: String,
    pub(crate) is_reset: bool,
    pub(crate) expires_at: u64,
    pub(crate) used_at: Option<u64>,
}

/// A mail: to whom, about what, and with which token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) kind: &'static str,
    pub(crate) token: Option<String>,
}

impl State {
    /// A name that was not given before.
    pub(crate) fn name(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}-{}", self.next)
    }

    /// An active account with a profile.
    pub(crate) fn person(&mut self, email: &str) -> String {
        let id = self.name("account");
        let account = Registered {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            verified: true,
            disabled: false,
            registered_at: START,
            asked_at: None,
        };
        self.accounts.insert(id.clone(), account);
        self.add_profile(&id, Some("Ann"), "Example");
        id
    }

    pub(crate) fn add_profile(&mut self, id: &str, first_name: Option<&str>, last_name: &str) {
        let profile = User {
            id: self.name("profile"),
            first_name: first_name.map(str::to_owned),
            last_name: last_name.to_owned(),
        };
        self.profiles.insert(id.to_owned(), profile);
    }

    /// Whose this address is.
    pub(crate) fn find(&self, email: &str) -> Option<String> {
        let canonical = canonical(email);
        let mut accounts = self.accounts.iter();
        let found = accounts.find(|(_, account)| canonical == self::canonical(&account.email));
        found.map(|(id, _)| id.clone())
    }

    /// Mails `account` a token, and lets the older ones of its kind die.
    pub(crate) fn mail_token(&mut self, account: &str, is_reset: bool, now: u64) {
        self.one_time
            .retain(|_, token| token.account != account || token.is_reset != is_reset);
        let text = self.name("token");
        let hours = if is_reset { 1 } else { 24 };
        let token = OneTime {
            account: account.to_owned(),
            is_reset,
            expires_at: now + hours * 3_600_000,
            used_at: None,
        };
        self.one_time.insert(text.clone(), token);
        let kind = if is_reset { "reset" } else { "verify" };
        self.mail(account, kind, Some(text));
    }

    pub(crate) fn mail(&mut self, account: &str, kind: &'static str, token: Option<String>) {
        let to = self.accounts[account].email.clone();
        self.mails.push(Mail { to, kind, token });
    }

    /// The token in the newest mail.
    pub(crate) fn mailed(&self) -> String {
        let token = self.mails.last().and_then(|mail| mail.token.clone());
        token.expect("a mail with a token")
    }

    pub(crate) fn end_sessions(&mut self, subject: &str, except: Option<&str>) {
        self.sessions
            .retain(|id, family| family.subject != subject || Some(id.as_str()) == except);
    }
}

/// The form of an address that is unique.
pub(crate) fn canonical(email: &str) -> String {
    email.trim().to_lowercase()
}
