//! Answers as HTTP responses. Every error has the same body, whatever went wrong.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use super::status::status;
use crate::error::{Code, ErrorBody, Failure};
use crate::message::Answer;
use crate::telemetry;

/// The content type of every JSON answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a response's outcome is in the log: `ok`, or the code of an error.
#[derive(Debug, Clone)]
pub(super) struct Outcome(pub(super) Cow<'static, str>);

/// An error on its way to a client.
#[derive(Debug)]
pub(super) struct Refusal {
    failure: Failure,
    /// Where HTTP has a status of its own for what has no code of its own.
    status: Option<StatusCode>,
    /// Whether a credential was presented that is worth nothing.
    invalid_token: bool,
}

impl Refusal {
    /// A request that HTTP refuses with a `status` of its own; its code is `bad-request`.
    pub(super) fn with_status(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: Some(status),
            ..Failure::new(Code::BadRequest, message).into()
        }
    }

    /// Says in the challenge that the credential is not valid (RFC 6750 §3.1), if one was `presented`.
    pub(super) fn of_credential(failure: Failure, presented: bool) -> Self {
        Self {
            invalid_token: presented,
            ..failure.into()
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            status: None,
            invalid_token: false,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let code = &self.failure.code;
        let http = self.status.unwrap_or_else(|| status(code).http);
        let mut response = json(http, &ErrorBody::from(&self.failure));
        let headers = response.headers_mut();
        if http == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3: without a credential the challenge carries no error.
            let challenge = match self.invalid_token {
                true => "Bearer realm=\"vestibule\", error=\"invalid_token\"",
                false => "Bearer realm=\"vestibule\"",
            };
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        let is_later = matches!(
            http,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        if let (true, Some(ms)) = (is_later, self.failure.retry_after_ms) {
            // Whole seconds (RFC 9110 §10.2.3): rounded up, so that nobody comes back too early.
            let seconds = ms.div_ceil(1_000).max(1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let outcome = Outcome(code.as_str().to_owned().into());
        response.extensions_mut().insert(outcome);
        response
    }
}

/// What a command answered: 200 with its reply, 204 without one, or the error. `presented` says whether it was asked with a
/// credential of a user's.
pub(super) fn answer(answer: Answer, presented: bool) -> Response<Body> {
    match answer {
        Ok(Some(reply)) => json(StatusCode::OK, &reply),
        Ok(None) => with_outcome(StatusCode::NO_CONTENT.into_response()),
        Err(failure) => Refusal::of_credential(failure, presented).into_response(),
    }
}

/// `value` as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let mut response = (status, bytes).into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, JSON);
            with_outcome(response)
        }
        // Values of ours have string keys and finite numbers, so this is a fault of ours.
        Err(cause) => {
            tracing::error!(%cause, "an answer has no form in JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `response` with a header more.
pub(super) fn with_header(
    mut response: Response<Body>,
    name: HeaderName,
    value: &'static str,
) -> Response<Body> {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

fn with_outcome(mut response: Response<Body>) -> Response<Body> {
    let outcome = Outcome(telemetry::OK.into());
    response.extensions_mut().insert(outcome);
    response
}
