//! `log`: lines for the operator, tagged by the host.

use wasmtime::Result;

use super::bindings::vestibule::capability::log::{Host, Level};
use crate::sandbox::state::State;

/// The longest line, in bytes; what is longer is cut.
const MAX_LINE_BYTES: usize = 1_024;

impl Host for State {
    fn write(&mut self, level: Level, line: String) -> Result<()> {
        let limit = self.deployment.limits.log_lines;
        let work = self.charge(line.len())?;
        work.usage.log_lines = work.usage.log_lines.saturating_add(1);
        let lines = work.usage.log_lines;
        if lines > limit {
            return self.drop_line(lines == limit + 1);
        }
        let line = printable(&line);
        // Not `message`: that is what tracing calls the line itself.
        let message_id = work.facts.id.clone();
        let (channel, build) = (&*self.deployment.channel, self.deployment.digest.short());
        match level {
            Level::Trace => {
                tracing::trace!(target: "vestibule::component", channel, build, message_id, "{line}")
            }
            Level::Debug => {
                tracing::debug!(target: "vestibule::component", channel, build, message_id, "{line}")
            }
            Level::Info => {
                tracing::info!(target: "vestibule::component", channel, build, message_id, "{line}")
            }
            Level::Warn => {
                tracing::warn!(target: "vestibule::component", channel, build, message_id, "{line}")
            }
            Level::Error => {
                tracing::error!(target: "vestibule::component", channel, build, message_id, "{line}")
            }
        }
        Ok(())
    }
}

impl State {
    /// Counts a line that is not written; the first one says so in the log.
    fn drop_line(&mut self, first: bool) -> Result<()> {
        let channel = &*self.deployment.channel;
        self.services.metrics.fault(channel, "log-lines");
        if first {
            tracing::warn!(
                channel,
                "the component logs too much; its further lines of this message are dropped"
            );
        }
        Ok(())
    }
}

/// `line` cut to its bound, with control characters escaped: a guest cannot forge a second line.
fn printable(line: &str) -> String {
    let cut = line.floor_char_boundary(MAX_LINE_BYTES);
    let mut printed = String::with_capacity(cut);
    for character in line[..cut].chars() {
        match character.is_control() {
            true => printed.extend(character.escape_default()),
            false => printed.push(character),
        }
    }
    printed
}
