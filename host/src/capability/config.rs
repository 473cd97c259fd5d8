//! `config`: what the operator set for this component, and the installation's shared values.

use wasmtime::Result;

use super::bindings::vestibule::capability::config::Host;
use crate::sandbox::state::State;

impl Host for State {
    fn get(&mut self, name: String) -> Result<Option<String>> {
        let value = self.deployment.config.get(&name).cloned();
        self.charge(name.len() + value.as_ref().map_or(0, String::len))?;
        Ok(value)
    }
}
