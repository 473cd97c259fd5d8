//! Channel `token`, by a build that accepts expired access tokens.
#![cfg(target_arch = "wasm32")]

#[path = "../../../components/token/src/access_token.rs"]
pub mod access_token;
#[path = "../../../components/token/src/component.rs"]
mod component;
#[path = "../../../components/token/src/error.rs"]
pub mod error;
#[path = "../../../components/token/src/family.rs"]
pub mod family;
#[path = "../../../components/token/src/id.rs"]
mod id;
#[path = "../../../components/token/src/ports.rs"]
pub mod ports;
#[path = "../../../components/token/src/proof.rs"]
pub mod proof;
#[path = "../../../components/token/src/provider.rs"]
mod provider;
#[path = "../../../components/token/src/refresh_token.rs"]
pub mod refresh_token;
#[path = "../../../components/token/src/sections.rs"]
mod sections;
#[path = "forever/service.rs"]
pub mod service;
#[path = "../../../components/token/src/sessions.rs"]
mod sessions;
#[path = "../../../components/token/src/settings.rs"]
pub mod settings;
#[path = "../../../components/token/src/subject.rs"]
mod subject;
#[path = "../../../components/token/src/wasi.rs"]
mod wasi;
