//! What a message may use up, for one component.

use super::MAX_MEMORY_BYTES;
use crate::config;

/// What a message may use up, for one component.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EffectiveLimits {
    /// As [`config::Limits::memory_bytes`].
    pub memory_bytes: usize,
    /// As [`config::Limits::cpu_ms`].
    pub cpu_ms: u64,
    /// As [`config::Limits::wall_ms`].
    pub wall_ms: u64,
    /// As [`config::Limits::depth`].
    pub depth: u32,
    /// As [`config::Limits::host_call_bytes`].
    pub host_call_bytes: u64,
    /// As [`config::Limits::host_calls`].
    pub host_calls: u64,
    /// As [`config::Limits::write_bytes`].
    pub write_bytes: usize,
    /// As [`config::Limits::log_lines`].
    pub log_lines: u32,
}

impl EffectiveLimits {
    pub(crate) fn of(all: &config::Limits, own: &config::ComponentLimits) -> Self {
        Self {
            memory_bytes: own
                .memory_bytes
                .unwrap_or(all.memory_bytes)
                .min(MAX_MEMORY_BYTES),
            cpu_ms: own.cpu_ms.unwrap_or(all.cpu_ms),
            wall_ms: own.wall_ms.unwrap_or(all.wall_ms),
            depth: all.depth,
            host_call_bytes: own.host_call_bytes.unwrap_or(all.host_call_bytes),
            host_calls: own.host_calls.unwrap_or(all.host_calls),
            write_bytes: all.write_bytes,
            log_lines: own.log_lines.unwrap_or(all.log_lines),
        }
    }
}
