//! For whoever writes a component: a build under wasmtime, in the host that will run it, with a store and a clock that belong
//! to the test. Cargo feature `testing`.
//!
//! A [`Harness`] is a host over a store in memory. Its clock stands until the test moves it, passwords are hashed cheaply, and
//! mails and events wait where the test can read them. It serves the bundled components, a component of one's own, or both:
//! one's own takes the place of a bundled one of the same channel.
//!
//! [`FaultyStore`] lets a test say what goes wrong: a conflict, a store that is down, full or slow, an answer that is lost.
//! [`HookedStore`] is what it is made of, for anything else that should happen at a store.
//!
//! [`conformance`] plays a channel's scenarios against a build of it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use serde_json::json;
//! use vestibule::error::Code;
//! use vestibule::testing::{FaultyStore, Faults, Gate, Harness, StoreFault};
//!
//! # async fn test() {
//! // A build of one's own comes with `.component(std::fs::read("notes.wasm")?).grant("notes", &["storage", "caller"])`.
//! let store = FaultyStore::in_memory(Faults::default());
//! let harness = Harness::over(store.clone()).with_bundle().start().await;
//!
//! // A reply, and what the message left behind.
//! let account = json!({"auth_id": "account-1", "email": "ada@example.org", "last_name": "King"});
//! harness.ok("users", "registration", account).await;
//! let found = json!({"auth_id": "account-1"});
//! let reply = harness.ok("users", "get-user-by-auth-id", found.clone()).await;
//! assert_eq!(reply["user"]["last_name"], "King");
//! assert_eq!(harness.entries("users").await.len(), 2);
//! assert_eq!(harness.events().await[0].name, "user-created");
//!
//! // A refusal leaves nothing but its audit record.
//! let other = json!({"id": reply["user"]["id"], "last_name": "Eve"});
//! let refused = harness.refused("users", "update-user", other).await;
//! assert_eq!(refused.code, Code::AccessDenied);
//! assert_eq!(harness.audit().await.last().unwrap()["action"], "profile-update");
//!
//! // Mails are captured, words and all.
//! let mail = json!({"email": "ada@example.org", "token": "t0ken"});
//! harness.ok("email", "send-verify-email", mail).await;
//! assert!(harness.mails().await[0].text.contains("#t0ken"));
//!
//! // Nobody waits for time to pass.
//! let pair = harness.ok("token", "generate-tokens", json!({"id": "user-1"})).await;
//! let access = json!({"access_token": pair["access_token"]});
//! assert_eq!(harness.ok("token", "verify-token", access.clone()).await["valid"], true);
//! harness.clock.advance(24 * 60 * 60 * 1000);
//! assert_eq!(harness.ok("token", "verify-token", access).await["valid"], false);
//!
//! // Somebody else was faster: the message runs again, and the component does not notice.
//! store.hook.script([StoreFault::Conflict]);
//! let gone = json!({"auth_id": "account-1"});
//! harness.ok("users", "delete-user", gone.clone()).await;
//! assert_eq!(harness.ok("users", "get-user-by-auth-id", found).await, json!({}));
//!
//! // No room left, or a store that is down: the client is told to come again, and nothing was done.
//! for fault in [StoreFault::Full, StoreFault::Unavailable] {
//!     store.hook.script([fault]);
//!     let refused = harness.refused("token", "generate-tokens", json!({"id": "user-2"})).await;
//!     assert_eq!(refused.code, Code::Unavailable);
//! }
//!
//! // A slow store: the commit stands at the gate until the test opens it.
//! let gate = Arc::new(Gate::default());
//! store.hook.script([StoreFault::Held(gate.clone())]);
//! let slow = harness.send("token", "generate-tokens", json!({"id": "user-2"}));
//! let (answer, ()) = tokio::join!(slow, async {
//!     gate.reached().await;
//!     gate.open();
//! });
//! assert!(answer.is_ok());
//! # }
//! # vestibule::runtime().build().unwrap().block_on(test());
//! ```

mod clock;
pub mod conformance;
mod faults;
mod harness;
mod hooked;

pub use clock::TestClock;
pub use faults::{Faults, FaultyStore, Gate, StoreFault};
pub use harness::{Harness, HarnessBuilder, explain, fault, write_of};
pub use hooked::{Hook, HookedStore};
