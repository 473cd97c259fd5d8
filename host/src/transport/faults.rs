//! Faults that arise beside the router, in admission or with a reply that does not fit. The router logs its own; of these nobody else
//! would know.

use crate::error::{Code, Failure};

/// `failure`, with its cause in the log if it is a fault of ours. The client named it `request`; `at` says where it arose.
///
/// What the router answered does not come here: it would be there twice.
pub(super) fn logged(failure: Failure, request: &str, at: &str) -> Failure {
    if matches!(failure.code, Code::Unknown | Code::Unavailable) {
        let (outcome, cause) = (failure.code.as_str(), failure.causes());
        tracing::warn!(request, at, outcome, cause, "request failed");
    }
    failure
}
