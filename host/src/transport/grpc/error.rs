//! Refusals as gRPC statuses, with the details of `google/rpc/error_details.proto`.

use std::collections::HashMap;
use std::time::Duration;

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::methods::Method;
use crate::error::{Failure, Violation};
use crate::transport::status::status;

/// Whose reasons they are.
const DOMAIN: &str = "vestibule";

/// The most bytes of violations: clients take 8 KiB of trailers and more, and these are a third longer on the way.
const MAX_VIOLATION_BYTES: usize = 4 * 1024;

/// What a client of `method` is told of `failure`.
///
/// `ErrorInfo` has the code; `BadRequest` the broken rules, by the fields of the message; `RetryInfo` when to try again.
pub(super) fn refusal(failure: &Failure, method: &Method) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(failure.code.as_str(), DOMAIN, HashMap::new());
    let violations = violations(&failure.violations, method);
    if !violations.is_empty() {
        details.set_bad_request(violations);
    }
    if let Some(ms) = failure.retry_after_ms {
        details.set_retry_info(Some(Duration::from_millis(ms)));
    }
    let code = status(&failure.code).grpc.into();
    Status::with_error_details(code, failure.message.clone(), details)
}

fn violations(violations: &[Violation], method: &Method) -> Vec<FieldViolation> {
    let mut left = MAX_VIOLATION_BYTES;
    let fitting = violations.iter().map_while(|violation| {
        let field = method.field(&violation.path);
        left = left.checked_sub(field.len() + violation.message.len())?;
        Some(FieldViolation::new(field, &violation.message))
    });
    fitting.collect()
}
