//! The executor that the program runs on. A library brings none of its own: embedders take this one or theirs.

use tokio::runtime::Builder;

/// After how many polls a worker looks at what came from outside: at the network, and at what other threads spawned.
///
/// Tokio's own figures (61, and one that adapts slowly) are for polls of microseconds. A guest may run for a tick of a
/// millisecond a poll, and sixty of those are an age for a request that waits in the socket.
const LOOK_AROUND: u32 = 4;

/// A multi-threaded tokio runtime for messages in sandboxes, not built yet.
#[must_use]
pub fn runtime() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder
        .enable_all()
        .event_interval(LOOK_AROUND)
        .global_queue_interval(LOOK_AROUND);
    builder
}
