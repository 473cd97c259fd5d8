//! Time and chance inside a message, as the host lends them to a guest. Nothing of it exists natively: there, both are
//! arguments that tests own.
#![cfg(target_arch = "wasm32")]

use std::time::{SystemTime, UNIX_EPOCH};

/// The message's moment in Unix milliseconds: the host fixes the clock for as long as the message runs.
#[must_use]
pub fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the host fixes this clock for the message"
    )]
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `N` bytes from the host's cryptographically secure generator.
///
/// # Panics
/// Never: the host's generator does not fail toward a component, it ends the message.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the host's generator does not fail toward a component");
    bytes
}
