//! A host of its own for every play.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::play::Play;
use super::report::Broken;
use super::scenario::Scenario;
use super::stage::Stage;
use crate::Host;
use crate::keyring::RootKey;
use crate::sandbox::Deployments;
use crate::store::{Batch, Commit, Namespace, Owner, Store, StoreError, Write};
use crate::testing::{Harness, Hook, HookedStore, TestClock};

/// A host over an empty store.
pub(super) struct World {
    pub(super) harness: Harness,
    store: Arc<HookedStore<Watch>>,
}

/// Sees whether anything is stored that a later message could read.
#[derive(Default)]
pub(super) struct Watch {
    wrote: AtomicBool,
}

#[async_trait]
impl Hook for Watch {
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        let written = batch.writes.iter().map(|write| match write {
            Write::Put { namespace, .. } | Write::Delete { namespace, .. } => namespace,
        });
        if written
            .into_iter()
            .any(|namespace| !is_record_of(namespace))
        {
            self.wrote.store(true, Ordering::Relaxed);
        }
        below.commit(batch).await
    }
}

/// Whether a namespace only has on record what was done.
fn is_record_of(namespace: &Namespace) -> bool {
    namespace.owner() == Owner::Host("audit")
}

impl World {
    /// A world in which `deployments` serve first.
    pub(super) async fn new(stage: &Stage, deployments: Arc<Deployments>) -> Result<Self, Broken> {
        let clock: Arc<TestClock> = Arc::default();
        let store = HookedStore::in_memory(Watch::default());
        let host = Host::builder()
            .config(stage.workshop.config.clone())
            .store(store.clone())
            .clock(clock.clone())
            .root_key(RootKey::from_bytes([7; 32]))
            .engine(stage.workshop.engine.clone())
            .prepared(deployments)
            .without_mail_delivery()
            .build()
            .await
            .map_err(|cause| Broken::whole(&format!("no host could be started: {cause}")))?;
        let harness = Harness::around(host, clock, store.clone());
        Ok(Self { harness, store })
    }

    /// The store below the one that is watched.
    pub(super) fn below(&self) -> &dyn Store {
        self.store.below()
    }

    /// Whether anything was stored since this was asked last.
    pub(super) fn has_written(&self) -> bool {
        self.store.hook.wrote.swap(false, Ordering::Relaxed)
    }

    /// Serves these from now on.
    pub(super) fn serve(&self, deployments: &Arc<Deployments>) {
        self.harness.host.serve_prepared(deployments.clone());
    }
}

/// Plays `scenario` with `deployments` alone.
pub(super) async fn play_alone(
    stage: &Stage,
    scenario: &Scenario,
    deployments: Arc<Deployments>,
) -> Result<(), Broken> {
    let world = World::new(stage, deployments).await?;
    let mut play = Play::new(&world.harness, &stage.channel).by(stage.contract());
    for (n, step) in scenario.step.iter().enumerate() {
        let held = play.step(step).await;
        held.map_err(|what| Broken::at(n, step, &what))?;
    }
    Ok(())
}
