//! The native baseline: the token component's `service.rs`, linked into this program over the host's own store and key ring.
//!
//! It does what a message does (a snapshot, the reads, the signature, JSON in and JSON out) on one thread, without sandbox, router,
//! permit, transaction or task.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures::FutureExt as _;
use serde_json::{Value, json};
use token::ports::{
    Algorithm, Caller, Config, Effects, Environment, Macs, Message, Outcome, Plane, Ports,
    Principal, Signing, SigningKey, Storage,
};
use token::service::{Service, Verified};
use vestibule::Host;
use vestibule::clock::{Clock, Timestamp};
use vestibule::config::{Shared, SigningAlgorithm};
use vestibule::keyring::{KeyInfo, KeyRing};
use vestibule::store::{Entry, Namespace, Snapshot, Store};

thread_local! {
    /// The signing port is a type, so its keys lie beside it: those of the baseline that runs on this thread.
    static RING: RefCell<Option<Arc<KeyRing>>> = const { RefCell::new(None) };
}

/// The service, natively.
pub(crate) struct Native {
    store: Arc<dyn Store>,
    keyring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    namespace: Namespace,
    config: BTreeMap<String, String>,
}

impl Native {
    /// Over the store and keys of `host`, with its settings.
    pub(crate) fn beside(host: &Host) -> Self {
        let Shared {
            issuer, audience, ..
        } = host.config().shared.clone();
        Self {
            store: host.store().clone(),
            keyring: host.keyring().clone(),
            clock: host.clock().clone(),
            namespace: Namespace::channel("default", "token"),
            config: BTreeMap::from([
                ("issuer".to_owned(), issuer),
                ("audience".to_owned(), audience),
            ]),
        }
    }

    /// Must be called on the thread that then calls the commands.
    pub(crate) fn use_on_this_thread(&self) {
        RING.set(Some(self.keyring.clone()));
    }

    /// A snapshot and what verifying reads of it.
    pub(crate) fn read(&self, keys: &[String]) -> Result<()> {
        let mut snapshot = at_once(self.store.begin());
        let found = self.entries(&mut *snapshot, keys, self.clock.now());
        anyhow::ensure!(found[0].is_some(), "the session is not there");
        Ok(())
    }

    fn entries(
        &self,
        snapshot: &mut dyn Snapshot,
        keys: &[String],
        now: Timestamp,
    ) -> Vec<Option<Entry>> {
        let entry = |key: &String| at_once(snapshot.get(&self.namespace, key, now));
        keys.iter().map(entry).collect()
    }

    /// `verify-token`.
    pub(crate) fn verify_token(&self, request: &Value) -> Result<Value> {
        let token = request["access_token"].as_str().context("no token")?;
        let ports = NativePorts {
            native: self,
            snapshot: RefCell::new(None),
            now: self.clock.now(),
            principal: RefCell::new(None),
        };
        let payload = Service::new(&ports)
            .verify_token(token)
            .map(|Verified { claims, proof }| {
                let auth_time = proof.as_ref().map(|proof| proof.authenticated_at / 1_000);
                let (amr, roles, scopes) = proof.map_or((None, None, None), |proof| {
                    (Some(proof.methods), Some(proof.roles), proof.scopes)
                });
                json!({
                    "id": claims.sub.clone(),
                    "iss": claims.iss,
                    "aud": claims.aud.into_list(),
                    "sub": claims.sub,
                    "client_id": claims.client_id,
                    "iat": claims.iat,
                    "exp": claims.exp,
                    "jti": claims.jti,
                    "sid": claims.sid,
                    "auth_time": auth_time,
                    "amr": amr,
                    "roles": roles,
                    "scopes": scopes,
                })
            });
        Ok(json!({"valid": payload.is_some(), "payload": payload}))
    }
}

/// One message's ports. What verifying does not use is not there.
struct NativePorts<'a> {
    native: &'a Native,
    snapshot: RefCell<Option<Box<dyn Snapshot>>>,
    now: Timestamp,
    principal: RefCell<Option<Principal>>,
}

impl Ports for NativePorts<'_> {
    type Signing = RingSigning;
}

impl Storage for NativePorts<'_> {
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        let mut slot = self.snapshot.borrow_mut();
        let snapshot = slot.get_or_insert_with(|| at_once(self.native.store.begin()));
        self.native
            .entries(&mut **snapshot, keys, self.now)
            .into_iter()
            .map(|entry| entry.map(|entry| entry.record.value))
            .collect()
    }

    fn scan(&self, _: &str, _: Option<&str>) -> Vec<String> {
        unreachable!("verifying scans nothing")
    }

    fn put(&self, _: &str, _: &[u8], _: u64, _: &str) {
        unreachable!("verifying writes nothing")
    }

    fn delete(&self, _: &str) {
        unreachable!("verifying deletes nothing")
    }
}

impl Macs for NativePorts<'_> {
    fn mac(&self, _: &str, _: &[u8]) -> Vec<u8> {
        unreachable!("verifying hashes nothing")
    }

    fn candidates(&self, _: &str, _: &[u8]) -> Vec<Vec<u8>> {
        unreachable!("verifying hashes nothing")
    }
}

impl Effects for NativePorts<'_> {
    fn keep(&self) {}

    fn publish(&self, _: &str, _: &str, _: Option<&str>) {}

    fn record(&self, _: &str, _: Outcome, _: Option<&str>, _: &[(&str, &str)]) {}
}

impl Caller for NativePorts<'_> {
    fn message(&self) -> Message {
        Message {
            plane: Plane::Service,
            via: None,
            service_key: None,
            principal: None,
        }
    }

    fn establish(&self, principal: &Principal) -> bool {
        self.principal.replace(Some(principal.clone()));
        true
    }
}

impl Config for NativePorts<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.native.config.get(name).cloned()
    }
}

impl Environment for NativePorts<'_> {
    fn now(&self) -> u64 {
        self.now
    }

    fn random(&self) -> [u8; 16] {
        *uuid::Uuid::now_v7().as_bytes()
    }
}

/// Signatures by the host's own key ring.
struct RingSigning;

impl Signing for RingSigning {
    fn current() -> SigningKey {
        with_ring(|ring| named(ring.signing().current()))
    }

    fn find(key_id: &str) -> Option<SigningKey> {
        with_ring(|ring| at_once(ring.signing().find(key_id)).map(named))
    }

    fn sign(key_id: &str, message: &[u8]) -> Vec<u8> {
        with_ring(|ring| ring.signing().sign(key_id, message)).expect("the current key signs")
    }

    fn verify(key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        with_ring(|ring| at_once(ring.signing().verify(key_id, message, signature)))
    }
}

fn named(key: KeyInfo) -> SigningKey {
    SigningKey {
        id: key.id,
        algorithm: match key.algorithm {
            SigningAlgorithm::EdDSA => Algorithm::EdDsa,
            SigningAlgorithm::ES256 => Algorithm::Es256,
        },
    }
}

fn with_ring<T>(use_it: impl FnOnce(&KeyRing) -> T) -> T {
    RING.with_borrow(|ring| use_it(ring.as_ref().expect("set before the thread is used")))
}

/// What a future gives at its first poll. Reads and signatures that find what they look for never wait.
fn at_once<T, E: std::fmt::Debug>(future: impl Future<Output = Result<T, E>>) -> T {
    let result = future.now_or_never().expect("nothing here waits");
    result.expect("store and key ring work")
}
