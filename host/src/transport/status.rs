//! The one place that says what an outcome is on each transport.

use http::StatusCode;

use crate::error::Code;

/// What a code is called by each transport's own means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status (RFC 9110 §15).
    pub http: StatusCode,
}

/// The status of `code`.
///
/// A channel's own code is an answer about the request (422), and one that begins with `duplicate-` a conflict with what is
/// stored (409).
#[must_use]
pub fn status(code: &Code) -> Status {
    let http = match code {
        Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::AccessDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::ValidationFailed => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Channel(name) if name.starts_with("duplicate-") => StatusCode::CONFLICT,
        Code::Channel(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Status { http }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status() {
        for (name, http) in [
            ("bad-request", 400),
            ("unauthenticated", 401),
            ("access-denied", 403),
            ("not-found", 404),
            ("conflict", 409),
            ("validation-failed", 422),
            ("too-many-requests", 429),
            ("unavailable", 503),
            ("deadline-exceeded", 504),
            ("unknown", 500),
            ("duplicate-email", 409),
            ("session-ended", 422),
        ] {
            assert_eq!(status(&Code::named(name)).http, http, "{name}");
        }
    }
}
