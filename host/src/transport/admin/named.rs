//! What a path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::error::{Code, Failure};
use crate::transport::reply::Refusal;

/// The parameter of a path, decoded. What is no text in UTF-8 names nothing.
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => {
                let message = "there is nothing of that name on the administration interface";
                Err(Failure::new(Code::NotFound, message).into())
            }
        }
    }
}
