//! The authorization channel. Its passwords are 8 to 1 024 characters, its addresses have an `@`.

use super::state::{OneTime, Registered, canonical};
use super::{World, broken};
use crate::error::Refused;
use crate::ports::{Account, Accounts, Passwords, Person, Plane, Principal, SignUp, SignUps};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// How many wrong passwords an address may have, and refused ones a code.
const MAX_FAILURES: u32 = 10;
const MAX_REFUSED: u32 = 5;

impl SignUps for World {
    fn sign_up(&self, request: &SignUp<'_>) -> Result<(), Refused> {
        self.called("authorization/sign-up")?;
        is_address(request.email, "email")?;
        is_password(request.password, "password")?;
        for (name, path) in [
            (request.first_name, "first_name"),
            (request.last_name, "last_name"),
        ] {
            let name = name.unwrap_or_default();
            (name.len() <= 256 && !name.contains(char::is_control))
                .then_some(())
                .ok_or_else(|| broken(path))?;
        }
        let now = self.now.get();
        let mut state = self.state.borrow_mut();
        if let Some(owner) = state.find(request.email) {
            state.mail(&owner, "sign-up-attempt", None);
            return Ok(());
        }
        let id = state.name("account");
        let account = Registered {
            email: request.email.to_owned(),
            password: request.password.to_owned(),
            verified: false,
            disabled: false,
            registered_at: now,
            asked_at: Some(now),
        };
        state.accounts.insert(id.clone(), account);
        let last_name = request.last_name.unwrap_or_default();
        state.add_profile(&id, request.first_name, last_name);
        state.mail_token(&id, false, now);
        Ok(())
    }

    fn verify_email(&self, token: &str) -> Result<(), Refused> {
        self.called("authorization/verify-email")?;
        let now = self.now.get();
        let mut state = self.state.borrow_mut();
        let found = state.one_time.get_mut(token);
        let found = found.filter(|token| !token.is_reset && now < token.expires_at);
        let found: &mut OneTime = found.ok_or(Refused::NotFound)?;
        match found.used_at {
            Some(used_at) if now >= used_at + 10 * MINUTE => return Err(Refused::NotFound),
            Some(_) => return Ok(()),
            None => found.used_at = Some(now),
        }
        let account = found.account.clone();
        let account = state.accounts.get_mut(&account);
        account.ok_or(Refused::NotFound)?.verified = true;
        Ok(())
    }

    fn start_verification(&self, email: &str) -> Result<(), Refused> {
        self.called("authorization/start-verification")?;
        is_address(email, "email")?;
        self.mail_token_to(email, false);
        Ok(())
    }
}

impl Passwords for World {
    fn get_user(&self, email: &str, password: &str) -> Result<Option<Person>, Refused> {
        self.called("authorization/get-user")?;
        let lengths = [(email, 254, "email"), (password, 4_096, "password")];
        for (text, longest, path) in lengths {
            (text.len() <= longest)
                .then_some(())
                .ok_or_else(|| broken(path))?;
        }
        let address = canonical(email);
        self.count_failure(&address)?;
        let state = self.state.borrow();
        let id = state.find(email).filter(|id| {
            let account = &state.accounts[id];
            !account.disabled && account.password == password
        });
        let Some(id) = id else { return Ok(None) };
        self.failures.borrow_mut().remove(&address);
        let account = &state.accounts[&id];
        if account.verified || self.now.get() < account.registered_at + 2 * DAY {
            self.establish(&id);
        }
        let is_email_verified = account.verified;
        Ok(Some(Person {
            id,
            is_email_verified,
        }))
    }

    fn start_password_reset(&self, email: &str) -> Result<(), Refused> {
        self.called("authorization/start-password-reset")?;
        is_address(email, "email")?;
        self.mail_token_to(email, true);
        Ok(())
    }

    fn reset_password(&self, token: &str, password: &str) -> Result<(), Refused> {
        self.called("authorization/reset-password")?;
        (token.len() <= 256)
            .then_some(())
            .ok_or_else(|| broken("token"))?;
        let now = self.now.get();
        let mut state = self.state.borrow_mut();
        let found = state.one_time.get(token);
        let found = found.filter(|token| token.is_reset && now < token.expires_at);
        let id = found.ok_or(Refused::NotFound)?.account.clone();
        let mut failures = self.failures.borrow_mut();
        let refused = failures.entry(token.to_owned()).or_default();
        if *refused >= MAX_REFUSED || state.accounts[&id].disabled {
            return Err(Refused::NotFound);
        }
        is_password(password, "password").inspect_err(|_| *refused += 1)?;
        state.one_time.retain(|_, token| token.account != id);
        state.end_sessions(&id, None);
        state.mail(&id, "password-changed", None);
        if let Some(account) = state.accounts.get_mut(&id) {
            password.clone_into(&mut account.password);
            account.verified = true;
        }
        Ok(())
    }

    fn change_password(&self, id: &str, current: &str, new: &str) -> Result<(), Refused> {
        self.called("authorization/change-password")?;
        let principal = self.at_a_session(id)?;
        self.check_password(id, current, "current")?;
        is_password(new, "new")?;
        let mut state = self.state.borrow_mut();
        state.end_sessions(id, principal.session.as_deref());
        state.mail(id, "password-changed", None);
        if let Some(account) = state.accounts.get_mut(id) {
            new.clone_into(&mut account.password);
        }
        Ok(())
    }
}

impl Accounts for World {
    fn get_account(&self, id: &str) -> Result<Option<Account>, Refused> {
        self.called("authorization/get-account")?;
        if self.message.borrow().plane != Plane::Service {
            self.acting_for(id)?;
        }
        let state = self.state.borrow();
        Ok(state.accounts.get(id).map(|account| Account {
            email: account.email.clone(),
            is_email_verified: account.verified,
            registered_at: account.registered_at,
            verify_by: (!account.verified).then_some(account.registered_at + 2 * DAY),
        }))
    }

    fn delete_account(&self, id: &str, password: &str) -> Result<(), Refused> {
        self.called("authorization/delete-account")?;
        self.at_a_session(id)?;
        self.check_password(id, password, "password")?;
        let mut state = self.state.borrow_mut();
        state.end_sessions(id, None);
        state.one_time.retain(|_, token| token.account != id);
        state.profiles.remove(id);
        state.accounts.remove(id);
        Ok(())
    }
}

impl World {
    /// Mails a token if somebody has this address and was not written to within a minute.
    fn mail_token_to(&self, email: &str, is_reset: bool) {
        let now = self.now.get();
        let mut state = self.state.borrow_mut();
        let Some(id) = state.find(email) else { return };
        let Some(account) = state.accounts.get_mut(&id) else {
            return;
        };
        let wanted = if is_reset {
            !account.disabled
        } else {
            !account.verified
        };
        if wanted && account.asked_at.is_none_or(|at| now >= at + MINUTE) {
            account.asked_at = Some(now);
            state.mail_token(&id, is_reset, now);
        }
    }

    fn check_password(&self, id: &str, password: &str, path: &str) -> Result<(), Refused> {
        let state = self.state.borrow();
        let account = state.accounts.get(id).ok_or(Refused::NotFound)?;
        let address = canonical(&account.email);
        self.count_failure(&address)?;
        if account.password != password {
            return Err(broken(path));
        }
        self.failures.borrow_mut().remove(&address);
        Ok(())
    }

    /// Counts a failure for `address` until it turns out to be none.
    fn count_failure(&self, address: &str) -> Result<(), Refused> {
        let mut failures = self.failures.borrow_mut();
        let count = failures.entry(address.to_owned()).or_default();
        if *count >= MAX_FAILURES {
            return Err(Refused::TooManyRequests(15 * MINUTE));
        }
        *count += 1;
        Ok(())
    }

    /// Makes `subject` the one this message acts for, unless it is somebody else already.
    fn establish(&self, subject: &str) {
        let mut message = self.message.borrow_mut();
        let known = message.principal.as_ref();
        if known.is_none_or(|known| known.subject == subject) {
            message.principal = Some(Principal {
                methods: vec!["pwd".to_owned()],
                ..super::principal(subject, "pwd")
            });
        }
    }
}

fn is_address(email: &str, path: &str) -> Result<(), Refused> {
    let fits = email.len() <= 254 && email.contains('@') && !email.contains(char::is_control);
    fits.then_some(()).ok_or_else(|| broken(path))
}

fn is_password(password: &str, path: &str) -> Result<(), Refused> {
    let fits = password.len() <= 4_096 && (8..=1_024).contains(&password.chars().count());
    fits.then_some(()).ok_or_else(|| broken(path))
}
