//! The ports, over the component's imports: a file for each channel that is called.

mod api_tokens;
mod around;
mod authorization;
mod token;
mod users;

use crate::component::bindings::vestibule::types::types;
use crate::error::Violation;
use crate::ports::Ports;

/// The world around the component.
pub(crate) struct Imports;

impl Ports for Imports {}

fn violations(violations: Vec<types::Violation>) -> Vec<Violation> {
    let violation = |it: types::Violation| Violation {
        path: it.path,
        message: it.message,
    };
    violations.into_iter().map(violation).collect()
}
