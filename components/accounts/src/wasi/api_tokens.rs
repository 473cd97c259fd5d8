//! The api-tokens channel.

use super::{Imports, violations};
use crate::component::bindings::vestibule::api_tokens::commands as wit;
use crate::error::Refused;
use crate::ports::ApiTokens;

impl ApiTokens for Imports {
    fn delete_all(&self) -> Result<(), Refused> {
        Ok(wit::delete_all()?)
    }
}

impl From<wit::Error> for Refused {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Unknown => Self::Other("unknown"),
            wit::Error::NotFound => Self::NotFound,
            wit::Error::ValidationFailed(broken) => Self::ValidationFailed(violations(broken)),
            wit::Error::Unauthenticated => Self::Unauthenticated,
            wit::Error::AccessDenied => Self::AccessDenied,
            wit::Error::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
        }
    }
}
