//! Long-living tokens for programs.

use prost_types::Timestamp;
use tonic::{Code, Streaming};
use vestibule::clock::Clock as _;
use vestibule_tests::grpc::accounts::IsEmailVerifiedRequest;
use vestibule_tests::grpc::test::PongRequest;
use vestibule_tests::grpc::tokens::{
    CreateTokenRequest, ForceTokenExpirationRequest, GetTokenRequest, ListTokensResponse,
    RegenerateTokenRequest, TokenMetadata, TokenPermissions, TokenUuid, UpdateTokenRequest,
};

use crate::world::{Server, Session, reason, violated, with};

const ANN: &str = "ann@example.org";

/// A token as a client keeps it.
pub(crate) struct Token {
    pub(crate) uuid: String,
    pub(crate) value: String,
}

pub(crate) fn uuid(uuid: &str) -> Option<TokenUuid> {
    Some(TokenUuid {
        uuid: uuid.to_owned(),
    })
}

pub(crate) fn moment(millis: u64) -> Timestamp {
    Timestamp {
        seconds: i64::try_from(millis / 1_000).unwrap(),
        nanos: i32::try_from(millis % 1_000).unwrap() * 1_000_000,
    }
}

/// In a month.
pub(crate) fn later(server: &Server) -> Timestamp {
    moment(server.harness.clock.now() + 30 * 24 * 60 * 60 * 1_000)
}

fn scopes(scopes: &[&str]) -> Option<TokenPermissions> {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    Some(TokenPermissions { scopes })
}

fn named(name: &str, expires_at: Timestamp) -> Option<TokenMetadata> {
    Some(TokenMetadata {
        name: name.to_owned(),
        expires_at: Some(expires_at),
    })
}

pub(crate) async fn create(server: &Server, credential: &str, allowed: &[&str]) -> Token {
    let request = CreateTokenRequest {
        token_metadata: named("ci", later(server)),
        token_permissions: scopes(allowed),
    };
    let answer = server
        .tokens()
        .create_token(with(credential, request))
        .await;
    let created = answer.unwrap().into_inner();
    Token {
        uuid: created.token_uuid.unwrap().uuid,
        value: created.token_value.unwrap().token,
    }
}

pub(crate) async fn all(mut tokens: Streaming<ListTokensResponse>) -> Vec<ListTokensResponse> {
    let mut listed = Vec::new();
    while let Some(token) = tokens.message().await.unwrap() {
        listed.push(token);
    }
    listed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_made_seen_changed_and_ended() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let mut tokens = server.tokens();
    let expires_at = later(&server);
    let request = CreateTokenRequest {
        token_metadata: named("ci", expires_at),
        token_permissions: scopes(&["tokens:read", "profile:read"]),
    };
    let created = tokens.create_token(with(&session.access, request)).await;
    let created = created.unwrap().into_inner();
    let value = created.token_value.unwrap().token;
    assert!(value.starts_with("vst_"));
    assert_eq!(created.token_metadata, named("ci", expires_at));
    let id = created.token_uuid.unwrap().uuid;

    let get = || {
        with(
            &session.access,
            GetTokenRequest {
                token_uuid: uuid(&id),
            },
        )
    };
    let found = tokens.get_token(get()).await.unwrap().into_inner();
    assert_eq!(found.token_uuid, uuid(&id));
    assert_eq!(found.token_metadata, named("ci", expires_at));
    let allowed = scopes(&["tokens:read", "profile:read"]);
    assert_eq!(found.token_permissions, allowed);

    // Permissions that are there and empty are none; metadata that is left out stays.
    let update = UpdateTokenRequest {
        token_uuid: uuid(&id),
        token_metadata: None,
        token_permissions: scopes(&[]),
    };
    let updated = tokens.update_token(with(&session.access, update)).await;
    let updated = updated.unwrap().into_inner();
    assert_eq!(updated.token_metadata, named("ci", expires_at));
    assert_eq!(updated.token_permissions, scopes(&[]));
    let update = UpdateTokenRequest {
        token_uuid: uuid(&id),
        token_metadata: named("deploy", expires_at),
        token_permissions: None,
    };
    let updated = tokens.update_token(with(&session.access, update)).await;
    let updated = updated.unwrap().into_inner();
    assert_eq!(updated.token_metadata, named("deploy", expires_at));

    let listed = tokens.list_tokens(with(&session.access, ())).await.unwrap();
    let listed = all(listed.into_inner()).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].token_uuid, uuid(&id));

    let end = ForceTokenExpirationRequest {
        token_uuid: uuid(&id),
    };
    let end = with(&session.access, end);
    tokens.force_token_expiration(end).await.unwrap();
    let pong = server.pong().pong(with(&value, PongRequest {})).await;
    assert_eq!(pong.unwrap_err().code(), Code::Unauthenticated);
    // It can still be seen.
    tokens.get_token(get()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_regenerated_token_has_one_value() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let token = create(&server, &session.access, &[]).await;
    let request = RegenerateTokenRequest {
        token_uuid: uuid(&token.uuid),
    };
    let request = with(&session.access, request);
    let answer = server.tokens().regenerate_token(request).await.unwrap();
    let value = answer.into_inner().token_value.unwrap().token;
    server
        .pong()
        .pong(with(&value, PongRequest {}))
        .await
        .unwrap();
    let pong = server.pong().pong(with(&token.value, PongRequest {})).await;
    assert_eq!(pong.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_does_what_its_scopes_say() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let none = create(&server, &session.access, &[]).await;
    let reader = create(&server, &session.access, &["tokens:read", "profile:read"]).await;
    let asked = |token: &str| with(token, IsEmailVerifiedRequest::default());

    let answer = server
        .accounts()
        .is_email_verified(asked(&reader.value))
        .await;
    assert!(answer.unwrap().into_inner().verified);
    let answer = server
        .accounts()
        .is_email_verified(asked(&none.value))
        .await;
    assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);

    let listed = server.tokens().list_tokens(with(&reader.value, ())).await;
    assert_eq!(all(listed.unwrap().into_inner()).await.len(), 2);
    let listed = server.tokens().list_tokens(with(&none.value, ())).await;
    assert_eq!(listed.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_makes_and_changes_no_tokens() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let token = create(&server, &session.access, &["*"]).await;
    let answer = server
        .accounts()
        .token_authorization(with(&token.value, ()))
        .await;
    let short = Session::of(answer.unwrap().metadata());
    // Neither does the session that it becomes.
    for credential in [&token.value, &short.access] {
        let create = CreateTokenRequest {
            token_metadata: named("more", later(&server)),
            token_permissions: None,
        };
        let answer = server.tokens().create_token(with(credential, create)).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        let update = UpdateTokenRequest {
            token_uuid: uuid(&token.uuid),
            token_metadata: named("more", later(&server)),
            token_permissions: None,
        };
        let answer = server.tokens().update_token(with(credential, update)).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        let regenerate = RegenerateTokenRequest {
            token_uuid: uuid(&token.uuid),
        };
        let regenerate = with(credential, regenerate);
        let answer = server.tokens().regenerate_token(regenerate).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
    }
    // Nothing has changed, and both see it.
    for credential in [&session.access, &token.value, &short.access] {
        let listed = server.tokens().list_tokens(with(credential, ())).await;
        let listed = all(listed.unwrap().into_inner()).await;
        assert_eq!(listed.len(), 1);
        let metadata = listed[0].token_metadata.as_ref();
        assert_eq!(metadata.unwrap().name, "ci");
    }
    let pong = with(&token.value, PongRequest {});
    server.pong().pong(pong).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_becomes_a_session_for_a_while() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let token = create(&server, &session.access, &["profile:read"]).await;
    let answer = server
        .accounts()
        .token_authorization(with(&token.value, ()))
        .await;
    let short = Session::of(answer.unwrap().metadata());
    assert!(short.refresh.is_none());
    assert!(short.refresh_expires_at.is_none());
    let asked = with(&short.access, IsEmailVerifiedRequest::default());
    let answer = server.accounts().is_email_verified(asked).await;
    assert!(answer.unwrap().into_inner().verified);
    // It has the token's scopes and no more.
    let listed = server.tokens().list_tokens(with(&short.access, ())).await;
    assert_eq!(listed.unwrap_err().code(), Code::PermissionDenied);
    // It is for API tokens.
    let answer = server
        .accounts()
        .token_authorization(with(&session.access, ()))
        .await;
    assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_s_token_is_not_there() {
    let server = Server::start().await;
    let ann = server.signed_in(ANN).await;
    let bob = server.signed_in("bob@example.org").await;
    let token = create(&server, &ann.access, &[]).await;
    let request = GetTokenRequest {
        token_uuid: uuid(&token.uuid),
    };
    let refused = server.tokens().get_token(with(&bob.access, request)).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    let end = ForceTokenExpirationRequest {
        token_uuid: uuid(&token.uuid),
    };
    let end = with(&bob.access, end);
    let refused = server.tokens().force_token_expiration(end).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    server
        .pong()
        .pong(with(&token.value, PongRequest {}))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_wrong_is_named() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let soon = || Some(later(&server));
    let metadata = |name: &str, expires_at| {
        Some(TokenMetadata {
            name: name.to_owned(),
            expires_at,
        })
    };
    let past = Some(moment(1_000));
    let negative = Some(Timestamp {
        seconds: -1,
        nanos: 0,
    });
    let odd = Some(Timestamp {
        seconds: 1,
        nanos: 1_000_000_000,
    });
    let far = Some(Timestamp {
        seconds: 253_402_300_800,
        nanos: 0,
    });
    let long = "n".repeat(129);
    for (token_metadata, field) in [
        (None, "token_metadata"),
        (metadata("", soon()), "token_metadata.name"),
        (metadata(&long, soon()), "token_metadata.name"),
        (metadata("a\nb", soon()), "token_metadata.name"),
        (metadata("ci", None), "token_metadata.expires_at"),
        (metadata("ci", past), "token_metadata.expires_at"),
        (metadata("ci", negative), "token_metadata.expires_at"),
        (metadata("ci", odd), "token_metadata.expires_at"),
        (metadata("ci", far), "token_metadata.expires_at"),
    ] {
        let request = CreateTokenRequest {
            token_metadata,
            token_permissions: None,
        };
        let answer = server
            .tokens()
            .create_token(with(&session.access, request))
            .await;
        let refused = answer.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert_eq!(violated(&refused), [field]);
    }
    let request = CreateTokenRequest {
        token_metadata: metadata("ci", soon()),
        token_permissions: scopes(&["nothing"]),
    };
    let answer = server
        .tokens()
        .create_token(with(&session.access, request))
        .await;
    let refused = answer.unwrap_err();
    assert_eq!(reason(&refused), "validation-failed");
    assert!(violated(&refused)[0].starts_with("token_permissions.scopes"));

    let answer = server
        .tokens()
        .get_token(with(&session.access, GetTokenRequest::default()))
        .await;
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(violated(&refused), ["token_uuid.uuid"]);
}
