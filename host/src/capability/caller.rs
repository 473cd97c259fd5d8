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

    fn establish(
        &mut self,
        subject: String,
        roles: Vec<String>,
        scopes: Vec<String>,
        session: Option<String>,
        methods: Vec<String>,
    ) -> Result<()> {
        let fits = |names: &[String]| {
            names.len() <= MAX_NAMES
                && names
                    .iter()
                    .all(|name| !name.is_empty() && name.len() <= MAX_NAME_BYTES)
        };
        let named = !subject.is_empty() && subject.len() <= MAX_NAME_BYTES;
        let session_fits = session
            .as_ref()
            .is_none_or(|session| session.len() <= MAX_NAME_BYTES);
        if !(named && session_fits && fits(&roles) && fits(&scopes) && fits(&methods)) {
            return Err(self.fault(Fault::Argument));
        }
        let work = self.charge(subject.len())?;
        if work
            .principal
            .as_ref()
            .is_some_and(|principal| principal.subject != subject)
        {
            return Err(self.fault(Fault::SecondSubject));
        }
        let authenticated_at = work
            .principal
            .as_ref()
            .map_or(work.facts.now, |known| known.authenticated_at);
        work.principal = Some(Principal {
            subject,
            roles,
            scopes,
            session,
            methods,
            authenticated_at,
        });
        Ok(())
    }
}
