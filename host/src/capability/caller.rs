//! `caller`: who asks, and the proof of who they are.

use wasmtime::Result;

use super::bindings::vestibule::capability::caller::{self as wit, Host};
use crate::message::{Plane, Principal};
use crate::sandbox::fault::Fault;
use crate::sandbox::state::State;

/// The longest id of a subject or session, and the longest role, scope or method, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The most roles, scopes or methods.
const MAX_NAMES: usize = 64;

impl Host for State {
    fn get(&mut self) -> Result<wit::Message> {
        let via = self.via.as_deref().map(str::to_owned);
        let work = self.charge(0)?;
        let facts = &work.facts;
        Ok(wit::Message {
            id: facts.id.clone(),
            request_id: facts.request_id.clone(),
            deadline: facts.deadline,
            plane: match facts.plane {
                Plane::Service => wit::Plane::Service,
                Plane::User => wit::Plane::User,
                Plane::Public => wit::Plane::Public,
            },
            via,
            service_key: facts.service_key.clone(),
            operator: facts.operator,
            remote_address: facts.remote_address.clone(),
            principal: work.principal.as_ref().map(|principal| wit::Principal {
                subject: principal.subject.clone(),
                roles: principal.roles.clone(),
                scopes: principal.scopes.clone(),
                session: principal.session.clone(),
                methods: principal.methods.clone(),
                authenticated_at: principal.authenticated_at,
            }),
        })
    }

    fn establish(&mut self, principal: wit::Principal) -> Result<bool> {
        let bytes =
            principal.subject.len() + principal.roles.iter().map(String::len).sum::<usize>();
        let now = self.charge(bytes)?.facts.now;
        if !fits(&principal, now) {
            return Err(self.fault(Fault::Argument));
        }
        let work = self.work()?;
        if work
            .principal
            .as_ref()
            .is_some_and(|known| known.subject != principal.subject)
        {
            return Ok(false);
        }
        work.principal = Some(Principal {
            subject: principal.subject,
            roles: principal.roles,
            scopes: principal.scopes,
            session: principal.session,
            methods: principal.methods,
            authenticated_at: principal.authenticated_at,
        });
        Ok(true)
    }
}

/// Whether every name keeps the documented bounds.
fn fits(principal: &wit::Principal, now: u64) -> bool {
    let name = |name: &String| {
        !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control)
    };
    let names = |names: &[String]| names.len() <= MAX_NAMES && names.iter().all(name);
    name(&principal.subject)
        && principal.session.as_ref().is_none_or(name)
        && names(&principal.roles)
        && names(principal.scopes.as_deref().unwrap_or_default())
        && names(&principal.methods)
        && principal.authenticated_at <= now
}
