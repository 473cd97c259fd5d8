//! The token channel, without cryptography: a token says what it is.

use super::World;
use super::state::Family;
use crate::error::Refused;
use crate::ports::{LiveSession, OwnSessions, Principal, Session, Sessions};

const GRACE: u64 = 30_000;
const ACCESS: u64 = 600_000;
const IDLE: u64 = 30 * 24 * 3_600_000;

impl Sessions for World {
    fn issue_session(&self, access_only: bool, ends_by: Option<u64>) -> Result<Session, Refused> {
        self.called("token/issue-session")?;
        let principal = self.message.borrow().principal.clone();
        let principal = principal.ok_or(Refused::AccessDenied)?;
        let by = |name: &str| principal.methods.iter().any(|method| method == name);
        if by("acting") || principal.session.is_some() || (by("api-token") && !access_only) {
            return Err(Refused::AccessDenied);
        }
        let now = self.now.get();
        let ends_by = ends_by.unwrap_or(u64::MAX);
        if ends_by <= now {
            return Err(super::broken("ends_by"));
        }
        let mut state = self.state.borrow_mut();
        let id = state.name("session");
        let lifetime = if access_only { ACCESS } else { IDLE };
        let family = Family {
            subject: principal.subject,
            generation: 0,
            created_at: now,
            refreshed_at: now,
            expires_at: ends_by.min(now + lifetime),
            ends_by,
            scopes: principal.scopes,
            methods: principal.methods,
        };
        let mut session = self.tokens(&id, &family);
        if access_only {
            (session.refresh_token, session.refresh_expires_at) = (None, None);
        }
        state.sessions.insert(id, family);
        Ok(session)
    }

    fn refresh_session(&self, refresh_token: &str) -> Result<(String, Session), Refused> {
        self.called("token/refresh-session")?;
        let now = self.now.get();
        let (id, generation) = parse(refresh_token).ok_or(Refused::Unauthenticated)?;
        let mut state = self.state.borrow_mut();
        let family = state.sessions.get_mut(id);
        let family = family.filter(|family| now < family.expires_at);
        let family = family.ok_or(Refused::Unauthenticated)?;
        if generation == family.generation {
            family.generation += 1;
            family.refreshed_at = now;
            family.expires_at = family.ends_by.min(now + IDLE);
        } else if generation + 1 != family.generation || now >= family.refreshed_at + GRACE {
            self.replayed.borrow_mut().push(id.to_owned());
            return Err(Refused::Unauthenticated);
        }
        Ok((family.subject.clone(), self.tokens(id, family)))
    }

    fn blacklist_refresh_token(&self, refresh_token: &str) -> Result<(), Refused> {
        self.called("token/blacklist-tokens")?;
        if let Some((id, _)) = parse(refresh_token) {
            self.state.borrow_mut().sessions.remove(id);
        }
        Ok(())
    }
}

impl OwnSessions for World {
    fn list_sessions(&self, id: &str) -> Result<Vec<LiveSession>, Refused> {
        self.called("token/list-sessions")?;
        self.acting_for(id)?;
        let now = self.now.get();
        let state = self.state.borrow();
        let mut own: Vec<_> = state
            .sessions
            .iter()
            .filter(|(_, family)| family.subject == id && now < family.expires_at)
            .collect();
        own.sort_by_key(|(_, family)| family.created_at);
        let live = |(id, family): (&String, &Family)| LiveSession {
            session_id: id.clone(),
            created_at: family.created_at,
            refreshed_at: family.refreshed_at,
            idle_expires_at: family.expires_at,
            expires_at: family.created_at + 3 * IDLE,
        };
        Ok(own.into_iter().map(live).collect())
    }

    fn end_session(&self, id: &str, session_id: &str) -> Result<(), Refused> {
        self.called("token/end-session")?;
        self.acting_for(id)?;
        let mut state = self.state.borrow_mut();
        let owner = state.sessions.get(session_id).map(|it| it.subject.as_str());
        if owner == Some(id) {
            state.sessions.remove(session_id);
        }
        Ok(())
    }

    fn end_all_sessions(&self) -> Result<(), Refused> {
        self.called("token/end-all-sessions")?;
        let principal = self.message.borrow().principal.clone();
        let subject = principal.ok_or(Refused::AccessDenied)?.subject;
        self.acting_for(&subject)?;
        self.state.borrow_mut().end_sessions(&subject, None);
        Ok(())
    }
}

impl World {
    /// Whom an access token stands for, if it is good.
    pub(crate) fn verified(&self, access_token: &str) -> Option<Principal> {
        let mut parts = access_token.split('/');
        let (id, issued_at) = (parts.nth(1)?, parts.next()?.parse::<u64>().ok()?);
        let state = self.state.borrow();
        let now = self.now.get();
        let family = state.sessions.get(id);
        let family = family.filter(|it| now < it.expires_at && now < issued_at + ACCESS)?;
        let mut methods = vec!["jwt".to_owned()];
        methods.extend(family.methods.iter().cloned());
        Some(Principal {
            subject: family.subject.clone(),
            scopes: family.scopes.clone(),
            session: Some(id.to_owned()),
            methods,
        })
    }

    fn tokens(&self, id: &str, family: &Family) -> Session {
        let now = self.now.get();
        Session {
            access_token: format!("access/{id}/{now}"),
            access_expires_at: now + ACCESS,
            refresh_token: Some(format!("refresh/{id}/{}", family.generation)),
            refresh_expires_at: Some(family.expires_at),
            session_id: id.to_owned(),
        }
    }
}

fn parse(refresh_token: &str) -> Option<(&str, u64)> {
    let (id, generation) = refresh_token.strip_prefix("refresh/")?.split_once('/')?;
    Some((id, generation.parse().ok()?))
}
