//! Vestibule: an authentication backend whose every service is a sandboxed WebAssembly component.
//!
//! A [`Host`] routes messages to components. A message is one command of one channel; it runs in a fresh sandbox and
//! in one transaction: its writes, mails and events commit together with the reply, or not at all. What a component
//! may do is what it was granted: storage of its own, signatures by keys it never sees, single commands of other
//! channels.
//!
//! The program `vestibule` is one way to run a host; a program of your own is another. It brings the store, the clock
//! and the root key, or takes the defaults:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use serde_json::json;
//! use vestibule::Host;
//! use vestibule::message::{Caller, Message};
//!
//! #[derive(Serialize)]
//! struct GenerateTokens<'a> {
//!     id: &'a str,
//! }
//!
//! #[derive(Deserialize)]
//! struct Tokens {
//!     access_token: String,
//!     refresh_token: String,
//! }
//!
//! # async fn embed() -> Result<(), Box<dyn std::error::Error>> {
//! // A store in memory and the bundled components.
//! let host = Host::builder().build().await?;
//!
//! // A typed call: fields have their JSON names.
//! let tokens: Tokens = host
//!     .call("token", "generate-tokens", &GenerateTokens { id: "user-1" })
//!     .await?;
//! assert!(!tokens.refresh_token.is_empty());
//!
//! // A raw message: what a transport of your own would send.
//! let mut message = Message::new(
//!     "token",
//!     "verify-token",
//!     json!({"access_token": tokens.access_token}),
//!     Caller::service(None),
//! );
//! message.request_id = "my-request-1".to_owned();
//! let reply = host.send(message).await?.expect("the command replies");
//! assert_eq!(reply["payload"]["id"], "user-1");
//! # Ok(())
//! # }
//! # let runtime = tokio::runtime::Runtime::new().unwrap();
//! # runtime.block_on(embed()).unwrap();
//! ```
//!
//! The host starts no runtime, installs no signal handler and no global subscriber or recorder. Several hosts may share one
//! [`sandbox::Engine`]. `Host::router` gives an axum router to serve beside routes of your own; `examples/embed.rs` does.
//!
//! # Features
//!
//! * `bundle` (default): the components of this release are part of the library.
//! * `sqlite` (default): the store that lasts, and backups of it.
//! * `http` (default): the HTTP transport.
//! * `grpc` (default): the gRPC services, by the same router.
//! * `smtp` (default): mails through a server; without it they are captured, or go to the embedder's own mailer.
//! * `cli` (default): what the program `vestibule` needs.

pub mod audit;
#[cfg(feature = "sqlite")]
pub mod backup;
mod buckets;
pub mod builds;
mod capability;
pub mod clock;
pub mod config;
pub mod contract;
pub mod data_folder;
pub mod error;
pub mod hashing;
pub mod host;
pub mod keyring;
pub mod message;
pub mod outbox;
pub mod planes;
mod private_file;
mod router;
mod runtime;
pub mod sandbox;
pub mod service_keys;
mod services;
pub mod store;
pub mod subjects;
pub mod telemetry;
mod transaction;
#[cfg(feature = "http")]
pub mod transport;

pub use host::{Host, HostBuilder, StartError};
pub use runtime::runtime;

/// The examples of the README are compiled and run like those of the library.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
