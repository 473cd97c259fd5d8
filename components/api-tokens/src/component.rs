//! The component: bindings, export, delegation.

use bindings::exports::vestibule::api_tokens::commands as wit;
use bindings::vestibule::types::types::Violation;

use crate::error::Error;
use crate::service::{Metadata, Service};
use crate::token::Token;
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "api-tokens",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn create(request: wit::CreateRequest) -> Result<wit::CreatedToken, wit::Error> {
        let scopes = request.permissions.map(|permissions| permissions.scopes);
        let (token, value) = service().create(request.metadata.into(), scopes)?;
        Ok(wit::CreatedToken {
            uuid: token.uuid,
            metadata: wit::Metadata {
                name: token.name,
                expires_at: token.expires_at,
            },
            permissions: wit::Permissions {
                scopes: token.scopes,
            },
            value: value.as_str().to_owned(),
        })
    }

    fn update(request: wit::UpdateRequest) -> Result<wit::TokenInfo, wit::Error> {
        let metadata = request.metadata.map(Metadata::from);
        let scopes = request.permissions.map(|permissions| permissions.scopes);
        Ok(service().update(&request.uuid, metadata, scopes)?.into())
    }

    fn force_expiration(request: wit::ForceExpirationRequest) -> Result<(), wit::Error> {
        Ok(service().force_expiration(&request.uuid)?)
    }

    fn regenerate(request: wit::RegenerateRequest) -> Result<wit::RegeneratedToken, wit::Error> {
        let value = service().regenerate(&request.uuid)?;
        Ok(wit::RegeneratedToken {
            value: value.as_str().to_owned(),
        })
    }

    fn get(request: wit::GetRequest) -> Result<wit::TokenInfo, wit::Error> {
        Ok(service().get(&request.uuid)?.into())
    }

    fn list(request: wit::ListRequest) -> Result<wit::TokenPage, wit::Error> {
        let tokens = service().list(request.after.as_deref(), request.limit)?;
        Ok(wit::TokenPage {
            tokens: tokens.into_iter().map(wit::TokenInfo::from).collect(),
        })
    }

    fn authorize(request: wit::AuthorizeRequest) -> Result<wit::Authorization, wit::Error> {
        let authorization = service().authorize(&request.value)?;
        Ok(wit::Authorization {
            id: authorization.id,
            scopes: authorization.scopes,
            token_uuid: authorization.token_uuid,
        })
    }

    fn delete_all() -> Result<(), wit::Error> {
        Ok(service().delete_all()?)
    }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown => Self::Unknown,
            Error::NotFound => Self::NotFound,
            Error::ValidationFailed(violations) => {
                let violations = violations.into_iter().map(|violation| Violation {
                    path: violation.path.to_owned(),
                    message: violation.message.to_owned(),
                });
                Self::ValidationFailed(violations.collect())
            }
            Error::Unauthenticated => Self::Unauthenticated,
            Error::AccessDenied => Self::AccessDenied,
            Error::TooManyRequests(milliseconds) => Self::TooManyRequests(milliseconds),
        }
    }
}

impl From<wit::Metadata> for Metadata {
    fn from(metadata: wit::Metadata) -> Self {
        Self {
            name: metadata.name,
            expires_at: metadata.expires_at,
        }
    }
}

impl From<Token> for wit::TokenInfo {
    fn from(token: Token) -> Self {
        Self {
            uuid: token.uuid,
            metadata: wit::Metadata {
                name: token.name,
                expires_at: token.expires_at,
            },
            permissions: wit::Permissions {
                scopes: token.scopes,
            },
            created_at: token.created_at,
            last_four: token.last_four,
            last_used_at: token.last_used_at,
        }
    }
}
