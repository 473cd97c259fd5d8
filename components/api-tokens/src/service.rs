//! The commands of the api-tokens channel, but for `authorize`, which has a file of its own.

use uuid::Builder;

use crate::access::Doing;
use crate::error::Error;
use crate::fields::{self, Check, SCOPES_PATH};
use crate::ports::{Account, Outcome, Ports, Principal, Unanswered};
use crate::scopes::{self, cover};
use crate::token::Token;
use crate::tokens::Tokens;
use crate::value::TokenValue;

/// So many tokens of an owner may live, and so many that do not are shown.
pub(crate) const MAX_TOKENS: usize = 1_000;

/// What is taken from for each token that an account makes.
const BUCKET: &str = "api-token-create";

/// 365 days, in milliseconds: no token lives longer.
const YEAR: u64 = 365 * 24 * 60 * 60 * 1_000;

/// What a token is called and how long it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// When it expires, in Unix milliseconds.
    pub expires_at: u64,
}

/// The commands, over their ports.
#[derive(Debug)]
pub struct Service<'a, P> {
    pub(crate) ports: &'a P,
}

impl<'a, P: Ports> Service<'a, P> {
    /// The service of one message.
    pub fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// Makes a token. Its value is in the reply and nowhere else.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what breaks a field's rule, scopes that the principal does not have, and the
    /// 1 001st token that lives; [`Error::AccessDenied`] for who may not make tokens, or has no account (any more);
    /// [`Error::TooManyRequests`]; [`Error::Unknown`] if a record cannot be read or the account cannot be asked for.
    pub fn create(
        &self,
        metadata: Metadata,
        scopes: Option<Vec<String>>,
    ) -> Result<(Token, TokenValue), Error> {
        let (now, scopes) = (self.ports.now(), scopes.unwrap_or_default());
        let mut check = Check::default();
        check.name(&metadata.name);
        check.end(metadata.expires_at, now, self.longest_life());
        check.scopes(&scopes);
        check.done()?;
        let principal = self.principal("api-token-create", Doing::Make)?;
        if let Some(milliseconds) = self.ports.take(BUCKET, &principal.subject) {
            return Err(Error::TooManyRequests(milliseconds));
        }
        let account = self.check_scopes(&principal, &scopes)?;
        self.make_room(&principal.subject, &account, now)?;
        Ok(self.add(principal.subject, &account, metadata, scopes, now))
    }

    /// Renames a token, narrows its scopes, brings its end forward, and gives it as it is now.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what breaks a field's rule or gives a token more; [`Error::NotFound`] if the
    /// principal has none such; [`Error::AccessDenied`] for who may not change tokens; else as [`get`](Self::get).
    pub fn update(
        &self,
        uuid: &str,
        metadata: Option<Metadata>,
        scopes: Option<Vec<String>>,
    ) -> Result<Token, Error> {
        let mut check = Check::default();
        if let Some(metadata) = &metadata {
            check.name(&metadata.name);
        }
        check.scopes(scopes.as_deref().unwrap_or_default());
        check.done()?;
        let before = self.own("api-token-update", Doing::Make, uuid)?;
        fields::check_narrowing(
            &before,
            metadata.as_ref(),
            scopes.as_deref(),
            self.ports.now(),
        )?;
        let mut token = before.clone();
        if let Some(metadata) = metadata {
            token.name = metadata.name;
            token.expires_at = metadata.expires_at;
        }
        token.scopes = scopes.unwrap_or(token.scopes);
        if token != before {
            self.rewrite(&token);
            self.succeed("api-token-update", &token);
        }
        Ok(token)
    }

    /// Ends a token now. One that has expired stays as it is.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn force_expiration(&self, uuid: &str) -> Result<(), Error> {
        let mut token = self.own("api-token-end", Doing::End, uuid)?;
        let now = self.ports.now();
        if token.lives(now) {
            token.expires_at = now;
            self.tokens().forget_value(&token.tag);
            self.tokens().save_record(&token);
            self.succeed("api-token-end", &token);
        }
        Ok(())
    }

    /// Gives a token a new value. The old one dies with the same commit.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`Error::NotFound`] also for one that has expired; [`Error::AccessDenied`] also for one with
    /// scopes that the principal was not given.
    pub fn regenerate(&self, uuid: &str) -> Result<TokenValue, Error> {
        let mut token = self.own("api-token-regenerate", Doing::Make, uuid)?;
        if !token.lives(self.ports.now()) {
            return Err(Error::NotFound);
        }
        // Its value is worth its scopes: nobody gets one that is worth more than what they came with.
        let principal = self.principal("api-token-regenerate", Doing::Make)?;
        if !token.scopes.iter().all(|scope| principal.has(scope)) {
            self.deny("api-token-regenerate", Some(&token.owner), "limited");
            return Err(Error::AccessDenied);
        }
        let value = TokenValue::generate(self.ports);
        self.tokens().forget_value(&token.tag);
        token.tag = self.tokens().tag(&value);
        value.last_four().clone_into(&mut token.last_four);
        self.tokens().save(&token);
        self.succeed("api-token-regenerate", &token);
        Ok(value)
    }

    /// A token of the principal's, expired or not.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none such; [`Error::AccessDenied`] for who may not do this with tokens of theirs;
    /// [`Error::TooManyRequests`] and [`Error::Unknown`] if the account cannot be asked for; [`Error::Unknown`] if the record
    /// cannot be read.
    pub fn get(&self, uuid: &str) -> Result<Token, Error> {
        self.own("api-token-read", Doing::See, uuid)
    }

    /// The principal's tokens after the one of the id `after`, oldest first.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for an `after` that is no uuid and a limit that is not 1 to 100; else as
    /// [`get`](Self::get).
    pub fn list(&self, after: Option<&str>, limit: Option<u32>) -> Result<Vec<Token>, Error> {
        let limit = fields::page(after, limit)?;
        let principal = self.principal("api-token-read", Doing::See)?;
        let tokens = self.tokens().page(&principal.subject, after, limit)?;
        let (owner, now) = (self.account(&principal.subject)?, self.ports.now());
        let now_standing = |token: Token| token.standing_at(owner.as_ref(), now);
        Ok(tokens.into_iter().map(now_standing).collect())
    }

    /// Removes all tokens of the principal.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for who may not change tokens.
    pub fn delete_all(&self) -> Result<(), Error> {
        let principal = self.principal("api-token-delete-all", Doing::Make)?;
        let removed = self
            .tokens()
            .remove_all(&principal.subject, self.ports.now());
        let removed = removed.to_string();
        let subject = Some(principal.subject.as_str());
        let detail = [("tokens", removed.as_str())];
        self.ports
            .record("api-token-delete-all", Outcome::Success, subject, &detail);
        Ok(())
    }

    /// The account of this id, if it is there and not switched off.
    pub(crate) fn active_account(&self, id: &str) -> Result<Option<Account>, Error> {
        let account = self.account(id)?;
        Ok(account.filter(|account| !account.is_disabled))
    }

    /// The account of this id, if there is one.
    fn account(&self, id: &str) -> Result<Option<Account>, Error> {
        match self.ports.account(id) {
            Ok(account) => Ok(account),
            Err(Unanswered::TooManyRequests(milliseconds)) => {
                Err(Error::TooManyRequests(milliseconds))
            }
            Err(why @ Unanswered::Refused(_)) => {
                self.ports
                    .complain(&format!("authorization/get-account: {why}"));
                Err(Error::Unknown)
            }
        }
    }

    pub(crate) fn tokens(&self) -> Tokens<'_, P> {
        Tokens::new(self.ports)
    }

    pub(crate) fn deny(&self, action: &str, subject: Option<&str>, reason: &str) {
        let detail = [("reason", reason)];
        self.ports.record(action, Outcome::Denied, subject, &detail);
    }

    pub(crate) fn succeed(&self, action: &str, token: &Token) {
        let detail = [("token", token.uuid.as_str())];
        self.ports
            .record(action, Outcome::Success, Some(&token.owner), &detail);
    }

    fn principal(&self, action: &str, doing: Doing) -> Result<Principal, Error> {
        let Some(principal) = self.ports.message().principal else {
            self.deny(action, None, "nobody");
            return Err(Error::AccessDenied);
        };
        if !principal.may(doing) {
            self.deny(action, Some(&principal.subject), "limited");
            return Err(Error::AccessDenied);
        }
        Ok(principal)
    }

    /// The principal's token of this id, as it stands. Another's is like one that does not exist.
    fn own(&self, action: &str, doing: Doing, uuid: &str) -> Result<Token, Error> {
        let principal = self.principal(action, doing)?;
        let token = self.tokens().find(&principal.subject, uuid)?;
        let token = token.ok_or(Error::NotFound)?;
        let owner = self.account(&principal.subject)?;
        Ok(token.standing_at(owner.as_ref(), self.ports.now()))
    }

    /// Refuses scopes that the principal's account or credential does not have. The account.
    fn check_scopes(&self, principal: &Principal, scopes: &[String]) -> Result<Account, Error> {
        let Some(account) = self.active_account(&principal.subject)? else {
            self.deny("api-token-create", Some(&principal.subject), "no-account");
            return Err(Error::AccessDenied);
        };
        // Or whoever signed up with another's address would keep a token when its owner takes the account over.
        if !account.is_verified {
            self.deny("api-token-create", Some(&principal.subject), "unverified");
            return Err(Error::AccessDenied);
        }
        let given = scopes::given(&account.roles);
        let mut check = Check::default();
        if !scopes
            .iter()
            .all(|scope| cover(&given, scope) && principal.has(scope))
        {
            check.refuse(SCOPES_PATH, "must not have more than its owner has");
        }
        check.done()?;
        Ok(account)
    }

    /// Refuses one token too many, and drops the oldest of too many that have ended.
    fn make_room(&self, owner: &str, account: &Account, now: u64) -> Result<(), Error> {
        let all = self.tokens().page(owner, None, usize::MAX)?;
        let lives = |token: &&Token| token.lives(now) && token.is_of(account);
        let (living, ended): (Vec<_>, Vec<_>) = all.iter().partition(lives);
        if living.len() >= MAX_TOKENS {
            let mut check = Check::default();
            check.refuse("", "must not be the 1001st token that lives");
            check.done()?;
        }
        let surplus = ended.len().saturating_sub(MAX_TOKENS);
        for token in &ended[..surplus] {
            self.tokens().remove(token);
        }
        Ok(())
    }

    fn add(
        &self,
        owner: String,
        account: &Account,
        metadata: Metadata,
        scopes: Vec<String>,
        now: u64,
    ) -> (Token, TokenValue) {
        let mut random = [0; 10];
        random.copy_from_slice(&self.ports.random()[..10]);
        let uuid = Builder::from_unix_timestamp_millis(now, &random).into_uuid();
        let value = TokenValue::generate(self.ports);
        let token = Token {
            uuid: uuid.to_string(),
            owner,
            name: metadata.name,
            scopes,
            created_at: now,
            expires_at: metadata.expires_at,
            last_used_at: None,
            last_four: value.last_four().to_owned(),
            tag: self.tokens().tag(&value),
            credentials_since: account.credentials_since,
            later: serde_json::Map::new(),
        };
        self.tokens().save(&token);
        self.succeed("api-token-create", &token);
        (token, value)
    }

    /// Stores what changed of a token. One that has ended has no value to lead anywhere.
    fn rewrite(&self, token: &Token) {
        if token.lives(self.ports.now()) {
            self.tokens().save(token);
        } else {
            self.tokens().forget_value(&token.tag);
            self.tokens().save_record(token);
        }
    }

    /// How far ahead a token may expire, in milliseconds.
    fn longest_life(&self) -> u64 {
        let configured = self.ports.setting("longest-life");
        configured
            .and_then(|value| value.parse().ok())
            .map_or(YEAR, |configured: u64| configured.min(YEAR))
    }
}
