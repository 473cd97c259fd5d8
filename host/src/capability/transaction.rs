//! `transaction`: the write that outlives an error.

use wasmtime::Result;

use super::bindings::vestibule::capability::transaction::Host;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;
use crate::services::attempt_id;
use crate::transaction::Outcome;

/// Each is a commit of its own: a message needs few.
const MAX_KEEPS: u32 = 16;

impl Host for State {
    async fn keep(&mut self) -> Result<()> {
        let work = self.charge(0)?;
        if !work.transaction.has_own_writes() {
            return Ok(());
        }
        work.usage.keeps += 1;
        let keeps = work.usage.keeps;
        work.facts.pin()?;
        if keeps > MAX_KEEPS {
            return Err(self.fault(Fault::HostCalls));
        }
        let services = self.services.clone();
        let work = self.work()?;
        work.transaction.rest();
        let facts = work.facts.clone();
        let mails = work.usage.mails;
        // What was decided so far is as durable as what is kept: a thief's replay is on record although the run is lost.
        let records = facts.audit().clone();
        let audited = services
            .audit
            .writes(&records, facts.generation())
            .map_err(Ending::unavailable)?;
        let _committing = facts.pin.commit();
        let _turn = services.commit_turn(work.alone).await;
        match work
            .transaction
            .keep(attempt_id(), audited)
            .await
            .map_err(Ending::unavailable)?
        {
            Outcome::Committed => {
                facts.audit().drain(..records.len());
                facts.next_generation();
                if mails > 0 {
                    services.mailed.notify_one();
                }
                Ok(())
            }
            Outcome::Conflict => Err(wasmtime::Error::new(Ending::Conflict)),
        }
    }
}
