//! Asking a server's channels.

use reqwest::Method;
use serde_json::Value;
use vestibule::error::ErrorBody;

use crate::cli::client::{Address, Client, ServerArgs};
use crate::cli::failed::Failed;

/// The channels of a server, for its operator.
pub(super) struct Channels(Client);

impl Channels {
    /// Those of the server that `args` name.
    pub(super) fn new(args: &ServerArgs) -> Result<Self, Failed> {
        Ok(Self(Client::new(args, Address::Messages)?))
    }

    /// The reply to one message; null if the command has none.
    pub(super) async fn ask(
        &self,
        channel: &str,
        command: &str,
        request: &Value,
    ) -> Result<Value, Failed> {
        let path = format!("/v1/{channel}/{command}");
        let request = self.0.request(Method::POST, &path).json(request);
        match self.0.ask(request).await {
            Ok(reply) => Ok(reply.unwrap_or(Value::Null)),
            Err(Failed::Answered(body)) => Err(Failed::Answered(explain(body))),
            Err(failed) => Err(failed),
        }
    }
}

/// Adds what to do next, where the server cannot know it.
fn explain(mut body: ErrorBody) -> ErrorBody {
    let hint = match body.error.code.as_str() {
        "access-denied" => "this takes the operator key",
        "unauthenticated" => "it is not a key of this server; check --data, --key and --url",
        _ => return body,
    };
    let message = body.error.message.trim_end_matches('.');
    body.error.message = format!("{message}: {hint}");
    body
}

#[cfg(test)]
mod tests {
    use vestibule::error::{Code, Failure};

    use super::*;

    #[test]
    fn a_refusal_says_what_is_missing() {
        let said = |code, message: &'static str| {
            let body = ErrorBody::from(&Failure::new(code, message));
            explain(body).error.message
        };
        assert_eq!(
            said(Code::AccessDenied, "The caller may not ask this."),
            "The caller may not ask this: this takes the operator key"
        );
        assert_eq!(said(Code::NotFound, "There is none."), "There is none.");
    }
}
