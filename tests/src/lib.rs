//! The harness that every suite uses.
