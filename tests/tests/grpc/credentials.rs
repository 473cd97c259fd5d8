//! Who is let in, and what a stranger learns.

use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use vestibule::service_keys::NewServiceKey;
use vestibule_tests::grpc::accounts::{IsEmailVerifiedRequest, SignUpRequest};
use vestibule_tests::grpc::test::{PingRequest, PongRequest};
use vestibule_tests::grpc::tokens::GetTokenRequest;

use crate::tokens::create;
use crate::world::{NEW_PASSWORD, PASSWORD, Server, reason, with, with_metadata};

const ANN: &str = "ann@example.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ping_answers_anybody() {
    let server = Server::start().await;
    server.ping().ping(PingRequest {}).await.unwrap();
    let ping = with("nonsense", PingRequest {});
    server.ping().ping(ping).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pong_answers_whoever_has_a_credential() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let token = create(&server, &session.access, &[]).await;
    for credential in [&session.access, &token.value] {
        let pong = with(credential, PongRequest {});
        server.pong().pong(pong).await.unwrap();
    }

    let refused = server.pong().pong(PongRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let other = with_metadata("authorization", "Basic dTpw", PongRequest {});
    let refused = server.pong().pong(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let forged = format!("{}x", session.access);
    let (rest, last) = token.value.split_at(token.value.len() - 1);
    let mistyped = format!("{rest}{}", if last == "0" { "1" } else { "0" });
    // One that is good, and no user's.
    let wanted = NewServiceKey {
        name: "all".to_owned(),
        scopes: vec!["*".to_owned()],
        act_as: false,
        expires_at: None,
    };
    let keys = server.harness.host.service_keys();
    let (_, key) = keys.create(wanted).await.unwrap();
    for credential in [
        "x",
        "eyJ.a.b",
        "vst_x",
        "vsk_x",
        key.expose(),
        &forged,
        &mistyped,
    ] {
        let pong = with(credential, PongRequest {});
        let refused = server.pong().pong(pong).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{credential}");
        assert_eq!(reason(&refused), "unauthenticated");
    }

    server.harness.clock.advance(11 * 60 * 1_000);
    let pong = with(&session.access, PongRequest {});
    let refused = server.pong().pong(pong).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_one_s_own_needs_a_credential() {
    let server = Server::start().await;
    let answer = server
        .accounts()
        .is_email_verified(IsEmailVerifiedRequest::default())
        .await;
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(reason(&refused), "unauthenticated");
    let answer = server.tokens().get_token(GetTokenRequest::default()).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
    let answer = server.tokens().list_tokens(()).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
}

/// All that a client sees of a refusal, but for the name of the request.
fn face(status: &Status) -> (Code, String, Vec<u8>) {
    let details = status.details().to_vec();
    (status.code(), status.message().to_owned(), details)
}

// C01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_learns_nothing_of_accounts() {
    let server = Server::start().await;
    server.signed_in(ANN).await;
    let wrong = server.sign_in(ANN, NEW_PASSWORD).await.unwrap_err();
    let unknown = server.sign_in("nobody@example.org", PASSWORD).await;
    let unknown = unknown.unwrap_err();
    assert_eq!(wrong.code(), Code::Unauthenticated);
    assert_eq!(face(&wrong), face(&unknown));

    // A08: nobody is told that an account exists already.
    let request = SignUpRequest {
        email: ANN.to_owned(),
        password: NEW_PASSWORD.to_owned(),
    };
    server.public().sign_up(request).await.unwrap();
    server.sign_in(ANN, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_says_when_to_come_back() {
    let server = Server::start().await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = server.sign_in("nobody@example.org", PASSWORD).await;
        let status = answer.unwrap_err();
        if status.code() == Code::ResourceExhausted {
            refused = Some(status);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(reason(&refused), "too-many-requests");
    let details = refused.get_error_details();
    let delay = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(delay.as_millis() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_is_healthy_with_the_bundled_components() {
    let server = Server::start().await;
    let mut health = HealthClient::new(server.channel());
    for service in [
        "",
        "accounts.v1.AccountsService",
        "accounts.v1.PublicAccountsService",
        "tokens.v1.TokensService",
        "test.v1.TestAuthService",
        "test.v1.TestNoAuthService",
    ] {
        let request = Request::new(HealthCheckRequest {
            service: service.to_owned(),
        });
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
}
