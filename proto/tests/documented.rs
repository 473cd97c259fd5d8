//! The services are those of the protocol's documents: every message with its fields in their order, every rpc with its types.
//! More may be there, less may not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use prost::Message as _;
use prost_types::field_descriptor_proto::Label;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// A message, and its fields as `type name`, numbered in this order.
type Documented = (&'static str, &'static [&'static str]);

/// `Service/Method request -> response`.
type Methods = &'static [&'static str];

const ACCOUNTS: [Documented; 9] = [
    ("AccountData", &["string name", "string email"]),
    ("AccountPassword", &["string password"]),
    ("IsEmailVerifiedRequest", &["AccountData data"]),
    ("IsEmailVerifiedResponse", &["bool verified"]),
    (
        "NewPasswordRequest",
        &[
            "AccountData data",
            "AccountPassword password",
            "string code",
        ],
    ),
    ("RefreshTokenRequest", &["string session_id"]),
    ("ResetPasswordRequest", &["AccountData data"]),
    ("SignInRequest", &["string email", "string password"]),
    ("SignUpRequest", &["string email", "string password"]),
];

const ACCOUNTS_METHODS: Methods = &[
    "AccountsService/IsEmailVerified IsEmailVerifiedRequest -> IsEmailVerifiedResponse",
    "AccountsService/RefreshSession google.protobuf.Empty -> google.protobuf.Empty",
    "AccountsService/TokenAuthorization google.protobuf.Empty -> google.protobuf.Empty",
    "PublicAccountsService/SignIn SignInRequest -> google.protobuf.Empty",
    "PublicAccountsService/SignUp SignUpRequest -> google.protobuf.Empty",
];

const TEST: [Documented; 4] = [
    ("PingRequest", &[]),
    ("PingResponse", &[]),
    ("PongRequest", &[]),
    ("PongResponse", &[]),
];

const TEST_METHODS: Methods = &[
    "TestAuthService/Pong PongRequest -> PongResponse",
    "TestNoAuthService/Ping PingRequest -> PingResponse",
];

/// What several messages have.
const SEEN: &[&str] = &[
    "TokenUUID token_uuid",
    "TokenMetadata token_metadata",
    "TokenPermissions token_permissions",
];

const TOKENS: [Documented; 14] = [
    (
        "CreateTokenRequest",
        &[
            "TokenMetadata token_metadata",
            "TokenPermissions token_permissions",
        ],
    ),
    (
        "CreateTokenResponse",
        &[
            "TokenUUID token_uuid",
            "TokenMetadata token_metadata",
            "TokenPermissions token_permissions",
            "TokenValue token_value",
        ],
    ),
    ("ForceTokenExpirationRequest", &["TokenUUID token_uuid"]),
    ("GetTokenRequest", &["TokenUUID token_uuid"]),
    ("GetTokenResponse", SEEN),
    ("ListTokensResponse", SEEN),
    ("RegenerateTokenRequest", &["TokenUUID token_uuid"]),
    ("RegenerateTokenResponse", &["TokenValue token_value"]),
    (
        "TokenMetadata",
        &["string name", "google.protobuf.Timestamp expires_at"],
    ),
    ("TokenPermissions", &[]),
    ("TokenUUID", &["string uuid"]),
    ("TokenValue", &["string token"]),
    ("UpdateTokenRequest", SEEN),
    ("UpdateTokenResponse", SEEN),
];

const TOKENS_METHODS: Methods = &[
    "TokensService/CreateToken CreateTokenRequest -> CreateTokenResponse",
    "TokensService/UpdateToken UpdateTokenRequest -> UpdateTokenResponse",
    "TokensService/ForceTokenExpiration ForceTokenExpirationRequest -> google.protobuf.Empty",
    "TokensService/RegenerateToken RegenerateTokenRequest -> RegenerateTokenResponse",
    "TokensService/GetToken GetTokenRequest -> GetTokenResponse",
    "TokensService/ListTokens google.protobuf.Empty -> stream ListTokensResponse",
];

fn file(name: &str) -> FileDescriptorProto {
    let set = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut files = set.file.into_iter();
    files.find(|file| file.name() == name).unwrap()
}

/// `.tokens.v1.TokenUUID` is `TokenUUID` in its own package.
fn short<'n>(name: &'n str, package: &str) -> &'n str {
    let name = name.trim_start_matches('.');
    let own = name.strip_prefix(package);
    own.map_or(name, |name| name.trim_start_matches('.'))
}

/// Fields by their numbers, as they are documented.
fn fields(message: &DescriptorProto, package: &str) -> Vec<String> {
    let numbers = message.field.iter().map(|field| field.number());
    assert!(numbers.eq(1..=i32::try_from(message.field.len()).unwrap()));
    let fields = message.field.iter().map(|field| {
        let kind = match field.type_name() {
            "" => field
                .r#type()
                .as_str_name()
                .trim_start_matches("TYPE_")
                .to_lowercase(),
            name => short(name, package).to_owned(),
        };
        match field.label() {
            Label::Repeated => format!("repeated {kind} {}", field.name()),
            _ => format!("{kind} {}", field.name()),
        }
    });
    fields.collect()
}

fn methods(file: &FileDescriptorProto) -> Vec<String> {
    let mut methods = Vec::new();
    for service in &file.service {
        for method in &service.method {
            let [request, response] =
                [method.input_type(), method.output_type()].map(|name| short(name, file.package()));
            let stream = if method.server_streaming() {
                "stream "
            } else {
                ""
            };
            methods.push(format!(
                "{}/{} {request} -> {stream}{response}",
                service.name(),
                method.name()
            ));
        }
    }
    methods
}

fn is_as_documented(name: &str, package: &str, documented: &[Documented], rpcs: Methods) {
    let file = file(name);
    assert_eq!(file.package(), package);
    assert_eq!(file.syntax(), "proto3");
    for (message, expected) in documented {
        let mut messages = file.message_type.iter();
        let found = messages.find(|found| found.name() == *message);
        let found = fields(found.unwrap(), package);
        assert_eq!(found[..expected.len()], **expected, "{message}");
    }
    let methods = methods(&file);
    for rpc in rpcs {
        assert!(
            methods.iter().any(|method| method == rpc),
            "{rpc} of {methods:?}"
        );
    }
}

#[test]
fn accounts_are_as_documented() {
    is_as_documented(
        "accounts/v1/accounts_v1.proto",
        "accounts.v1",
        &ACCOUNTS,
        ACCOUNTS_METHODS,
    );
}

#[test]
fn tests_are_as_documented() {
    is_as_documented("test/v1/test_v1.proto", "test.v1", &TEST, TEST_METHODS);
}

#[test]
fn tokens_are_as_documented() {
    is_as_documented(
        "tokens/v1/tokens_v1.proto",
        "tokens.v1",
        &TOKENS,
        TOKENS_METHODS,
    );
}

#[test]
fn what_is_more_than_documented_is_this() {
    let accounts = methods(&file("accounts/v1/accounts_v1.proto"));
    let more: Vec<_> = accounts
        .iter()
        .filter(|method| !ACCOUNTS_METHODS.contains(&&***method))
        .collect();
    assert_eq!(
        more,
        [
            "AccountsService/EndSession RefreshTokenRequest -> google.protobuf.Empty",
            "PublicAccountsService/ResetPassword ResetPasswordRequest -> google.protobuf.Empty",
            "PublicAccountsService/NewPassword NewPasswordRequest -> google.protobuf.Empty",
            "PublicAccountsService/VerifyEmail VerifyEmailRequest -> google.protobuf.Empty",
        ]
    );
    let tokens = file("tokens/v1/tokens_v1.proto");
    let mut messages = tokens.message_type.iter();
    let permissions = messages.find(|it| it.name() == "TokenPermissions").unwrap();
    assert_eq!(fields(permissions, "tokens.v1"), ["repeated string scopes"]);
}
