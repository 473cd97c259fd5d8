//! `authorize`: whom a token stands for.

use crate::access::METHOD;
use crate::error::Error;
use crate::ports::{Ports, Principal};
use crate::scopes;
use crate::service::Service;
use crate::token::Token;
use crate::value::TokenValue;

/// Whom a token stands for, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The owner's account.
    pub id: String,
    /// What the token is limited to: what it was given and its owner still has.
    pub scopes: Vec<String>,
    /// The token's id.
    pub token_uuid: String,
}

impl<P: Ports> Service<'_, P> {
    /// Whom a token stands for, if it is worth anything. Makes them the message's principal, unless somebody else is
    /// known already.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for whatever is not a living token of an active account: what we did not issue leaves
    /// no trace, a stranger could fill the record with it. [`Error::TooManyRequests`] and [`Error::Unknown`] if the
    /// account cannot be asked for.
    pub fn authorize(&self, presented: &str) -> Result<Authorization, Error> {
        let value = TokenValue::parse(presented).ok_or(Error::Unauthenticated)?;
        let found = self.tokens().by_value(&value)?;
        let mut token = found
            .filter(|token| token.lives(self.ports.now()))
            .ok_or(Error::Unauthenticated)?;
        // First without any right: only the owner, or a service, may ask for the account. An error forgets it again.
        let is_principal = self.establish(&token, &[], &[]);
        if !is_principal && !self.ports.message().is_service {
            self.deny("api-token-use", Some(&token.owner), "somebody-else-known");
            return Err(Error::Unauthenticated);
        }
        let Some(account) = self.active_account(&token.owner)? else {
            self.deny("api-token-use", Some(&token.owner), "no-account");
            return Err(Error::Unauthenticated);
        };
        if !token.is_of(&account) {
            self.deny("api-token-use", Some(&token.owner), "credentials-ended");
            return Err(Error::Unauthenticated);
        }
        let scopes = scopes::effective(&token.scopes, &account.roles);
        if is_principal {
            self.establish(&token, &account.roles, &scopes);
        }
        self.note_use(&value, &mut token);
        Ok(Authorization {
            id: token.owner,
            scopes,
            token_uuid: token.uuid,
        })
    }

    fn establish(&self, token: &Token, roles: &[String], scopes: &[String]) -> bool {
        self.ports.establish(&Principal {
            subject: token.owner.clone(),
            roles: roles.to_vec(),
            scopes: Some(scopes.to_vec()),
            methods: vec![METHOD.to_owned()],
            authenticated_at: self.ports.now(),
        })
    }

    /// Notes that the token was used, if that is news. Its value is then tagged by the current key, so that a token which
    /// is used outlives the key that it was made with.
    fn note_use(&self, value: &TokenValue, token: &mut Token) {
        if !token.touch(self.ports.now()) {
            return;
        }
        let tag = self.tokens().tag(value);
        if tag == token.tag {
            self.tokens().save_record(token);
        } else {
            self.tokens().forget_value(&token.tag);
            token.tag = tag;
            self.tokens().save(token);
        }
        self.succeed("api-token-use", token);
    }
}
