//! Which rpc is which command. A new rpc is a line here and one in `proto/`; nothing else knows them.
//!
//! A field travels by its name: `email` of a message is `email` of the command's JSON, `google.protobuf.Timestamp` the
//! milliseconds since 1970. [`PLACES`] lists what stands elsewhere, in requests and replies alike.

use self::Reply::{Fields, Pages, Session};

/// The version of the channels that the commands are of.
pub(super) const VERSION: u16 = 1;

/// An rpc, and what it asks for.
pub(super) struct Rpc {
    /// `package.Service/Method`.
    pub(super) method: &'static str,
    pub(super) asks: Asks,
}

/// What an rpc asks for.
pub(super) enum Asks {
    /// Whether anybody is there. The transport answers it.
    Nothing,
    /// Whether the credential is worth anything. Its check answers it.
    Check,
    /// What a command answers.
    Command(Command),
}

/// A command, and how requests and replies travel.
pub(super) struct Command {
    pub(super) channel: &'static str,
    pub(super) name: &'static str,
    /// Fields of the request that the command does not take.
    pub(super) ignored: &'static [&'static str],
    /// Metadata that is a field of the command's request: (its key, the field).
    pub(super) metadata: &'static [(&'static str, &'static str)],
    pub(super) reply: Reply,
}

/// How a reply travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// In the fields of the answer.
    Fields,
    /// In the initial metadata: `access_token` as `x-access-token`.
    Session,
    /// As a stream: each element of a list is an answer. The next page is asked for when this one is sent.
    Pages {
        /// The reply's field with the elements.
        list: &'static str,
        /// The element's field that names it; the request's `after` takes it.
        key: &'static str,
    },
}

// A line an rpc, whatever its length.
#[rustfmt::skip]
pub(super) static RPCS: [Rpc; 17] = [
    nothing("test.v1.TestNoAuthService/Ping"),
    check("test.v1.TestAuthService/Pong"),
    command("accounts.v1.PublicAccountsService/SignUp", "accounts", "sign-up", Fields),
    command("accounts.v1.PublicAccountsService/SignIn", "accounts", "sign-in", Session),
    command("accounts.v1.PublicAccountsService/VerifyEmail", "accounts", "verify-email", Fields),
    command("accounts.v1.PublicAccountsService/ResetPassword", "accounts", "reset-password", Fields).ignoring(&["data.name"]),
    command("accounts.v1.PublicAccountsService/NewPassword", "accounts", "new-password", Fields).ignoring(&["data.name", "data.email"]),
    command("accounts.v1.AccountsService/RefreshSession", "accounts", "refresh-session", Session).with_metadata(&[("x-refresh-token", "refresh_token")]),
    command("accounts.v1.AccountsService/TokenAuthorization", "accounts", "token-authorization", Session),
    command("accounts.v1.AccountsService/IsEmailVerified", "accounts", "is-email-verified", Fields).ignoring(&["data.name"]),
    command("accounts.v1.AccountsService/EndSession", "accounts", "end-session", Fields),
    command("tokens.v1.TokensService/CreateToken", "api-tokens", "create", Fields),
    command("tokens.v1.TokensService/UpdateToken", "api-tokens", "update", Fields),
    command("tokens.v1.TokensService/ForceTokenExpiration", "api-tokens", "force-expiration", Fields),
    command("tokens.v1.TokensService/RegenerateToken", "api-tokens", "regenerate", Fields),
    command("tokens.v1.TokensService/GetToken", "api-tokens", "get", Fields),
    command("tokens.v1.TokensService/ListTokens", "api-tokens", "list", Pages { list: "tokens", key: "uuid" }),
];

/// (a message's field, the command's field), where the names differ.
pub(super) const PLACES: [(&str, &str); 7] = [
    ("data.email", "email"),
    ("password.password", "password"),
    ("token_uuid.uuid", "uuid"),
    ("token_metadata.name", "metadata.name"),
    ("token_metadata.expires_at", "metadata.expires_at"),
    ("token_permissions.scopes", "permissions.scopes"),
    ("token_value.token", "value"),
];

const fn nothing(method: &'static str) -> Rpc {
    Rpc {
        method,
        asks: Asks::Nothing,
    }
}

const fn check(method: &'static str) -> Rpc {
    Rpc {
        method,
        asks: Asks::Check,
    }
}

const fn command(
    method: &'static str,
    channel: &'static str,
    name: &'static str,
    reply: Reply,
) -> Rpc {
    Rpc {
        method,
        asks: Asks::Command(Command {
            channel,
            name,
            ignored: &[],
            metadata: &[],
            reply,
        }),
    }
}

impl Rpc {
    const fn ignoring(mut self, fields: &'static [&'static str]) -> Self {
        if let Asks::Command(command) = &mut self.asks {
            command.ignored = fields;
        }
        self
    }

    const fn with_metadata(mut self, metadata: &'static [(&'static str, &'static str)]) -> Self {
        if let Asks::Command(command) = &mut self.asks {
            command.metadata = metadata;
        }
        self
    }

    /// `package.Service`.
    pub(super) fn service(&self) -> &'static str {
        let service = self.method.split_once('/').map(|(service, _)| service);
        service.unwrap_or(self.method)
    }

    /// The command behind it, if there is one.
    pub(super) const fn command(&self) -> Option<&Command> {
        match &self.asks {
            Asks::Command(command) => Some(command),
            Asks::Nothing | Asks::Check => None,
        }
    }
}
