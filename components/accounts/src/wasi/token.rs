//! The token channel.

use super::{Imports, violations};
use crate::component::bindings::vestibule::token::commands as wit;
use crate::error::Refused;
use crate::ports::{LiveSession, OwnSessions, Session, Sessions};

impl Sessions for Imports {
    fn issue_session(&self, access_only: bool, ends_by: Option<u64>) -> Result<Session, Refused> {
        let request = wit::IssueSessionRequest {
            access_only,
            ends_by,
        };
        Ok(wit::issue_session(request)?.into())
    }

    fn refresh_session(&self, refresh_token: &str) -> Result<(String, Session), Refused> {
        let refresh_token = refresh_token.to_owned();
        let refreshed = wit::refresh_session(&wit::RefreshSessionRequest { refresh_token })?;
        Ok((refreshed.id, refreshed.session.into()))
    }

    fn blacklist_refresh_token(&self, refresh_token: &str) -> Result<(), Refused> {
        let request = wit::BlacklistTokensRequest {
            refresh_token: refresh_token.to_owned(),
            // None is as good as nonsense: the family's end is the end of its access tokens.
            access_token: String::new(),
        };
        Ok(wit::blacklist_tokens(&request)?)
    }
}

impl OwnSessions for Imports {
    fn list_sessions(&self, id: &str) -> Result<Vec<LiveSession>, Refused> {
        let id = id.to_owned();
        let listed = wit::list_sessions(&wit::SubjectRequest { id })?;
        Ok(listed.sessions.into_iter().map(LiveSession::from).collect())
    }

    fn end_session(&self, id: &str, session_id: &str) -> Result<(), Refused> {
        let request = wit::EndSessionRequest {
            id: id.to_owned(),
            session_id: session_id.to_owned(),
        };
        Ok(wit::end_session(&request)?)
    }

    fn end_all_sessions(&self) -> Result<(), Refused> {
        Ok(wit::end_all_sessions()?)
    }
}

impl From<wit::SessionTokens> for Session {
    fn from(session: wit::SessionTokens) -> Self {
        Self {
            access_token: session.access_token,
            access_expires_at: session.access_expires_at,
            refresh_token: session.refresh_token,
            refresh_expires_at: session.refresh_expires_at,
            session_id: session.session_id,
        }
    }
}

impl From<wit::Session> for LiveSession {
    fn from(session: wit::Session) -> Self {
        Self {
            session_id: session.session_id,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
        }
    }
}

impl From<wit::Error> for Refused {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::ValidationFailed(broken) => Self::ValidationFailed(violations(broken)),
            wit::Error::Unauthenticated => Self::Unauthenticated,
            wit::Error::AccessDenied => Self::AccessDenied,
            wit::Error::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
        }
    }
}
