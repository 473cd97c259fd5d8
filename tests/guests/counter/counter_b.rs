//! Build b of channel `counter`.

mod counter;

/// What this build answers for itself.
const BUILD: &str = "b";
