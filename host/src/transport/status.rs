//! The one place that says what an outcome is on each transport.

use http::StatusCode;

use crate::error::Code;

/// What a code is called by each transport's own means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status (RFC 9110 §15).
    pub http: StatusCode,
    /// The gRPC status (google/rpc/code.proto).
    pub grpc: i32,
}

const UNKNOWN: i32 = 2;
const INVALID_ARGUMENT: i32 = 3;
const DEADLINE_EXCEEDED: i32 = 4;
const NOT_FOUND: i32 = 5;
const ALREADY_EXISTS: i32 = 6;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

/// The status of `code`.
///
/// A channel's own code is an answer about the request (422), and one that begins with `duplicate-` a conflict with what is
/// stored (409). Other conflicts are no `ABORTED` on gRPC: that asks to try again, and it would be the same again.
#[must_use]
pub fn status(code: &Code) -> Status {
    let (http, grpc) = match code {
        Code::BadRequest => (StatusCode::BAD_REQUEST, INVALID_ARGUMENT),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, UNAUTHENTICATED),
        Code::AccessDenied => (StatusCode::FORBIDDEN, PERMISSION_DENIED),
        Code::NotFound => (StatusCode::NOT_FOUND, NOT_FOUND),
        Code::Conflict => (StatusCode::CONFLICT, FAILED_PRECONDITION),
        Code::ValidationFailed => (StatusCode::UNPROCESSABLE_ENTITY, INVALID_ARGUMENT),
        Code::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, RESOURCE_EXHAUSTED),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, DEADLINE_EXCEEDED),
        Code::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, UNKNOWN),
        Code::Channel(name) if name.starts_with("duplicate-") => {
            (StatusCode::CONFLICT, ALREADY_EXISTS)
        }
        Code::Channel(_) => (StatusCode::UNPROCESSABLE_ENTITY, INVALID_ARGUMENT),
    };
    Status { http, grpc }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status() {
        for (name, http, grpc) in [
            ("bad-request", 400, 3),
            ("unauthenticated", 401, 16),
            ("access-denied", 403, 7),
            ("not-found", 404, 5),
            ("conflict", 409, 9),
            ("validation-failed", 422, 3),
            ("too-many-requests", 429, 8),
            ("unavailable", 503, 14),
            ("deadline-exceeded", 504, 4),
            ("unknown", 500, 2),
            ("duplicate-email", 409, 6),
            ("session-ended", 422, 3),
        ] {
            let status = status(&Code::named(name));
            assert_eq!((status.http.as_u16(), status.grpc), (http, grpc), "{name}");
        }
    }
}
