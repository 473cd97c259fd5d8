//! `audit`: decisions, written whatever the answer is.

use wasmtime::Result;

use super::bindings::vestibule::capability::audit::{Host, Outcome};
use super::events::is_name;
use crate::audit::AuditRecord;
use crate::sandbox::fault::Fault;
use crate::sandbox::state::State;

/// The most records of one message.
const MAX_RECORDS: usize = 64;

impl Host for State {
    fn record(
        &mut self,
        action: String,
        outcome: Outcome,
        subject: Option<String>,
        detail: Vec<(String, String)>,
    ) -> Result<()> {
        let fits = is_name(&action, 64)
            && subject.as_ref().is_none_or(|subject| subject.len() <= 128)
            && detail.len() <= 16
            && detail
                .iter()
                .all(|(name, value)| name.len() <= 64 && value.len() <= 256);
        if !fits {
            return Err(self.fault(Fault::Argument));
        }
        let via = self.via.as_deref().map(str::to_owned);
        let channel = self.deployment.channel.to_string();
        let build = self.deployment.digest.to_string();
        let work = self.charge(action.len())?;
        let facts = work.facts.clone();
        let actor = work
            .principal
            .as_ref()
            .map(|principal| principal.subject.clone());
        let mut records = facts.audit();
        if records.len() == MAX_RECORDS {
            drop(records);
            return Err(self.fault(Fault::Effects));
        }
        records.push(AuditRecord {
            at: facts.now,
            action,
            outcome: match outcome {
                Outcome::Success => "success",
                Outcome::Denied => "denied",
                Outcome::Failure => "failure",
            }
            .to_owned(),
            actor,
            subject,
            detail,
            channel,
            build,
            via,
            message: facts.id.clone(),
            request: facts.request_id.clone(),
            plane: facts.plane.as_str().to_owned(),
            service_key: facts.service_key.clone(),
            remote_address: facts.remote_address.clone(),
        });
        Ok(())
    }
}
