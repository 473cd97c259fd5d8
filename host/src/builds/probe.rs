//! A build in a sandbox before anybody's message is.
//!
//! It is instantiated as for a message, with its limits, and no command is called. That shows that it can be linked, that what runs
//! at its start neither traps nor takes more than it may, and nothing of what its commands do: that is what conformance and a
//! canary are for. Whatever its start reads and writes is in a store of its own, which nobody else sees.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::check::Problem;
use crate::message::Plane;
use crate::sandbox::deployment::Deployment;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::pin::Pin;
use crate::sandbox::work::{Cursor, Facts, Memory, Usage, Work};
use crate::sandbox::{Deployments, Permits};
use crate::services::{Services, fresh_bytes};
use crate::store::memory::MemoryStore;
use crate::telemetry::UNKNOWN;
use crate::transaction::Transaction;

/// Instantiates `deployment` once, in turn with the messages that are served meanwhile.
///
/// # Errors
/// What it did, if it must not serve; or that there is no room to try it now.
pub(crate) async fn probe(
    services: &Arc<Services>,
    permits: &Permits,
    deployment: &Arc<Deployment>,
) -> Result<(), Problem> {
    // A line and a share of its own: it is no message of any command.
    let line: Arc<str> = format!("{UNKNOWN}/probe").into();
    let limit = Instant::now() + Duration::from_millis(deployment.limits.wall_ms);
    let tried = async {
        let permit = permits.acquire(&line).await;
        let _permit = permit.map_err(|_| no_room())?;
        let _running = services.engine.run();
        let work = work(services, deployment, line.clone())?;
        let instantiated = deployment.instantiate(services, work).await;
        instantiated.map_err(|ending| refusal(deployment, &ending))
    };
    let in_time = async {
        let too_long = |_| Err(beyond(deployment, "wall_ms", Fault::WallClock));
        timeout_at(limit, tried).await.unwrap_or_else(too_long)
    };
    services
        .turns
        .run(&line, || limit, || false, in_time, Result::is_err)
        .await
}

/// A message that nobody sent.
fn work(
    services: &Services,
    deployment: &Deployment,
    command: Arc<str>,
) -> Result<Box<Work>, Problem> {
    let now = services.clock.now();
    let id = uuid::Uuid::now_v7().to_string();
    let facts = Facts {
        request_id: id.clone(),
        id,
        command,
        plane: Plane::Service,
        service_key: None,
        operator: false,
        remote_address: None,
        now,
        deadline: now.saturating_add(deployment.limits.wall_ms),
        // It calls nobody: a probe of one build is none of another.
        deployments: Arc::new(Deployments::default()),
        pin: Arc::new(Pin::default()),
        limits: deployment.limits.clone(),
        memory: Mutex::new(Memory::new(fresh_bytes().map_err(|_| no_room())?)),
        audit: Mutex::default(),
    };
    Ok(Box::new(Work {
        transaction: Transaction::new(Arc::new(MemoryStore::new()), now),
        facts: Arc::new(facts),
        principal: None,
        alone: false,
        usage: Usage::default(),
        depth: 0,
        sandboxes: 0,
        outbox: 0,
        cursor: Cursor::default(),
    }))
}

fn refusal(deployment: &Deployment, ending: &Ending) -> Problem {
    let Ending::Fault { fault, trace, .. } = ending else {
        return no_room();
    };
    match fault {
        Fault::Memory => beyond(deployment, "memory_bytes", *fault),
        Fault::Cpu => beyond(deployment, "cpu_ms", *fault),
        Fault::HostCalls => beyond(deployment, "host_calls", *fault),
        Fault::HostCallBytes => beyond(deployment, "host_call_bytes", *fault),
        fault => {
            let at = trace.as_ref().map_or("?", |trace| trace.functions.as_str());
            Problem::new(
                "probe",
                format!("{fault} when it was instantiated ({at})"),
                "mend the build: what fails here would fail every message",
            )
        }
    }
}

fn beyond(deployment: &Deployment, limit: &str, fault: Fault) -> Problem {
    let channel = &deployment.channel;
    Problem::new(
        "limits",
        format!("{fault}, when it was instantiated"),
        format!("make it smaller, or raise `components.{channel}.limits.{limit}` and restart"),
    )
}

fn no_room() -> Problem {
    Problem::new(
        "probe",
        "there was no room to try the build",
        "deploy it again when the host has less to do",
    )
}
