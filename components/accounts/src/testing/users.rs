//! The users and the api-tokens channel.

use super::{World, broken};
use crate::error::Refused;
use crate::ports::{ApiTokens, Plane, Principal, Profiles, User};

impl Profiles for World {
    fn get_user_by_auth_id(&self, auth_id: &str) -> Result<Option<User>, Refused> {
        self.called("users/get-user-by-auth-id")?;
        if self.message.borrow().plane != Plane::Service {
            has(&self.acting_for(auth_id)?, "profile:read")?;
        }
        Ok(self.state.borrow().profiles.get(auth_id).cloned())
    }

    fn update_user(
        &self,
        id: &str,
        first_name: Option<&str>,
        last_name: Option<&str>,
    ) -> Result<User, Refused> {
        self.called("users/update-user")?;
        let state = self.state.borrow();
        let mut profiles = state.profiles.iter();
        let row = profiles.find(|(_, user)| user.id == id);
        let (auth_id, user) = row.ok_or(Refused::AccessDenied)?;
        has(&self.acting_for(auth_id)?, "profile:write")?;
        if last_name == Some("") {
            return Err(broken("last_name"));
        }
        let (auth_id, mut user) = (auth_id.clone(), user.clone());
        drop(state);
        if let Some(first_name) = first_name {
            user.first_name = Some(first_name.to_owned()).filter(|name| !name.is_empty());
        }
        if let Some(last_name) = last_name {
            last_name.clone_into(&mut user.last_name);
        }
        let profiles = &mut self.state.borrow_mut().profiles;
        profiles.insert(auth_id, user.clone());
        Ok(user)
    }
}

impl ApiTokens for World {
    fn delete_all(&self) -> Result<(), Refused> {
        self.called("api-tokens/delete-all")?;
        let principal = self.message.borrow().principal.clone();
        let subject = principal.ok_or(Refused::AccessDenied)?.subject;
        self.at_a_session(&subject)?;
        let tokens = &mut self.state.borrow_mut().api_tokens;
        tokens.retain(|owner| *owner != subject);
        Ok(())
    }
}

fn has(principal: &Principal, scope: &str) -> Result<(), Refused> {
    let has = principal
        .scopes
        .as_ref()
        .is_none_or(|scopes| scopes.iter().any(|known| known == scope || known == "*"));
    has.then_some(()).ok_or(Refused::AccessDenied)
}
