//! The component: bindings, export, delegation.

use bindings::exports::vestibule::token::commands as wit;
use bindings::vestibule::types::types::Violation;

use crate::error::Error;
use crate::service::{RefreshedSession, Service, Session, SessionTokens, Tokens, Verified};
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "token",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn generate_tokens(request: wit::GenerateTokensRequest) -> Result<wit::Tokens, wit::Error> {
        Ok(service().generate_tokens(&request.id)?.into())
    }

    fn verify_token(request: wit::VerifyTokenRequest) -> Result<wit::VerifiedToken, wit::Error> {
        let payload = service()
            .verify_token(&request.access_token)
            .map(wit::Claims::from);
        Ok(wit::VerifiedToken {
            valid: payload.is_some(),
            payload,
        })
    }

    fn refresh_tokens(request: wit::RefreshTokensRequest) -> Result<wit::Tokens, wit::Error> {
        Ok(service().refresh_tokens(&request.refresh_token)?.into())
    }

    fn blacklist_tokens(request: wit::BlacklistTokensRequest) -> Result<(), wit::Error> {
        service().blacklist_tokens(&request.refresh_token, &request.access_token);
        Ok(())
    }

    fn list_sessions(request: wit::SubjectRequest) -> Result<wit::Sessions, wit::Error> {
        let sessions = service().list_sessions(&request.id)?;
        Ok(wit::Sessions {
            sessions: sessions.into_iter().map(wit::Session::from).collect(),
        })
    }

    fn end_session(request: wit::EndSessionRequest) -> Result<(), wit::Error> {
        Ok(service().end_session(&request.id, &request.session_id)?)
    }

    fn revoke_subject(request: wit::RevokeSubjectRequest) -> Result<(), wit::Error> {
        Ok(service().revoke_subject(&request.id, request.except_session_id.as_deref())?)
    }

    fn end_all_sessions() -> Result<(), wit::Error> {
        Ok(service().end_all_sessions()?)
    }

    fn issue_session(request: wit::IssueSessionRequest) -> Result<wit::SessionTokens, wit::Error> {
        Ok(service()
            .issue_session(request.access_only, request.ends_by)?
            .into())
    }

    fn refresh_session(
        request: wit::RefreshSessionRequest,
    ) -> Result<wit::RefreshedSession, wit::Error> {
        Ok(service().refresh_session(&request.refresh_token)?.into())
    }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::ValidationFailed(violation) => Self::ValidationFailed(vec![Violation {
                path: violation.path.to_owned(),
                message: violation.message.to_owned(),
            }]),
            Error::Unauthenticated => Self::Unauthenticated,
            Error::AccessDenied => Self::AccessDenied,
        }
    }
}

impl From<Tokens> for wit::Tokens {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
        }
    }
}

impl From<SessionTokens> for wit::SessionTokens {
    fn from(tokens: SessionTokens) -> Self {
        Self {
            access_token: tokens.access_token,
            access_expires_at: tokens.access_expires_at,
            refresh_token: tokens.refresh_token,
            refresh_expires_at: tokens.refresh_expires_at,
            session_id: tokens.session_id,
        }
    }
}

impl From<RefreshedSession> for wit::RefreshedSession {
    fn from(refreshed: RefreshedSession) -> Self {
        Self {
            id: refreshed.id,
            session: refreshed.session.into(),
        }
    }
}

impl From<Verified> for wit::Claims {
    fn from(Verified { claims, proof }: Verified) -> Self {
        let auth_time = proof.as_ref().map(|proof| proof.authenticated_at / 1_000);
        let (amr, roles, scopes) = proof.map_or((None, None, None), |proof| {
            (Some(proof.methods), Some(proof.roles), proof.scopes)
        });
        Self {
            id: claims.sub.clone(),
            iss: claims.iss,
            aud: claims.aud.into_list(),
            sub: claims.sub,
            client_id: claims.client_id,
            iat: claims.iat,
            exp: claims.exp,
            jti: claims.jti,
            sid: claims.sid,
            auth_time,
            amr,
            roles,
            scopes,
        }
    }
}

impl From<Session> for wit::Session {
    fn from(session: Session) -> Self {
        Self {
            session_id: session.session_id,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
        }
    }
}
