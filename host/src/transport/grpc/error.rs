//! Refusals as gRPC statuses, with the details of `google/rpc/error_details.proto`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::methods::Method;
use crate::error::{Code as Reason, Failure, Violation};
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

/// What a client is told that asks for what the server does not do.
pub(super) fn unimplemented(reason: &Reason, message: &'static str) -> Status {
    let details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, HashMap::new());
    Status::with_error_details(Code::Unimplemented, message, details)
}

/// What a client is told whose message did not arrive in time.
pub(super) fn late() -> Status {
    let reason = Reason::DeadlineExceeded;
    let details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, HashMap::new());
    Status::with_error_details(Code::DeadlineExceeded, LATE, details)
}

/// The sentence about a request that did not arrive in time.
pub(super) const LATE: &str = "the request's message did not arrive in time";

/// What the log calls `status`: its reason, or its code's name for what tonic refused.
pub(super) fn outcome(status: &Status) -> Cow<'static, str> {
    match status.get_details_error_info() {
        Some(info) => info.reason.into(),
        None => code_name(status.code()).into(),
    }
}

/// The name of `code` (google/rpc/code.proto).
pub(super) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
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
