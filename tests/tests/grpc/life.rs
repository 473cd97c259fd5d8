//! A person's account by gRPC alone.

use tonic::Code;
use vestibule::clock::Clock as _;
use vestibule_tests::grpc::accounts::{
    AccountData, AccountPassword, IsEmailVerifiedRequest, NewPasswordRequest, RefreshTokenRequest,
    ResetPasswordRequest, SignUpRequest,
};
use vestibule_tests::grpc::test::PongRequest;

use crate::world::{
    NEW_PASSWORD, PASSWORD, Server, Session, reason, refreshing, violated, with, with_metadata,
};

const ANN: &str = "ann@example.org";

fn data(email: &str) -> Option<AccountData> {
    Some(AccountData {
        name: String::new(),
        email: email.to_owned(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_up_verifies_and_signs_in() {
    let server = Server::start().await;
    server.sign_up(ANN).await;
    let session = server.sign_in(ANN, PASSWORD).await.unwrap();
    let now = server.harness.clock.now();
    assert!(session.access_expires_at > now);
    assert!(session.refresh_expires_at.unwrap() > session.access_expires_at);
    assert!(!session.id.is_empty());
    let asked = || with(&session.access, IsEmailVerifiedRequest::default());
    let answer = server.accounts().is_email_verified(asked()).await.unwrap();
    assert!(!answer.into_inner().verified);
    server.verify(ANN).await;
    let answer = server.accounts().is_email_verified(asked()).await.unwrap();
    assert!(answer.into_inner().verified);

    // One that is not theirs is not verified for them.
    for (email, verified) in [("ANN@example.org", true), ("bob@example.org", false)] {
        let request = IsEmailVerifiedRequest { data: data(email) };
        let request = with(&session.access, request);
        let answer = server.accounts().is_email_verified(request).await;
        assert_eq!(answer.unwrap().into_inner().verified, verified, "{email}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_without_an_access_token_and_ends() {
    let server = Server::start().await;
    let first = server.signed_in(ANN).await;
    let answer = server.accounts().refresh_session(refreshing(&first)).await;
    let second = Session::of(answer.unwrap().metadata());
    assert_eq!(second.id, first.id);
    assert_ne!(second.refresh, first.refresh);
    let pong = with(&second.access, PongRequest {});
    server.pong().pong(pong).await.unwrap();

    let session_id = second.id.clone();
    let end = with(&second.access, RefreshTokenRequest { session_id });
    server.accounts().end_session(end).await.unwrap();
    let answer = server.accounts().refresh_session(refreshing(&second)).await;
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    // H02: its access tokens end with it.
    let pong = with(&second.access, PongRequest {});
    let refused = server.pong().pong(pong).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_that_comes_again_ends_the_session() {
    let server = Server::start().await;
    let first = server.signed_in(ANN).await;
    let answer = server.accounts().refresh_session(refreshing(&first)).await;
    let second = Session::of(answer.unwrap().metadata());
    server.harness.clock.advance(31_000);
    for session in [&first, &second] {
        let answer = server.accounts().refresh_session(refreshing(session)).await;
        let refused = answer.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(reason(&refused), "unauthenticated");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_refresh_needs_its_token() {
    let server = Server::start().await;
    let refused = server.accounts().refresh_session(()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(violated(&refused), ["x-refresh-token"]);
    let garbage = with_metadata("x-refresh-token", "garbage", ());
    let answer = server.accounts().refresh_session(garbage).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_set_anew_by_mail() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    for email in [ANN, "nobody@example.org"] {
        let request = ResetPasswordRequest { data: data(email) };
        server.public().reset_password(request).await.unwrap();
    }
    let code = server.mailed_token(ANN, "new-password").await.unwrap();
    let set = |password: &str| NewPasswordRequest {
        data: data(ANN),
        password: Some(AccountPassword {
            password: password.to_owned(),
        }),
        code: code.clone(),
    };
    let refused = server
        .public()
        .new_password(set("short"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(reason(&refused), "validation-failed");
    assert_eq!(violated(&refused), ["password.password"]);
    server
        .public()
        .new_password(set(NEW_PASSWORD))
        .await
        .unwrap();
    // Once.
    let refused = server.public().new_password(set(NEW_PASSWORD)).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);

    let refused = server.sign_in(ANN, PASSWORD).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    server.sign_in(ANN, NEW_PASSWORD).await.unwrap();
    let answer = server
        .accounts()
        .refresh_session(refreshing(&session))
        .await;
    assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_a_name_has_its_effect_once() {
    let server = Server::start().await;
    let request = |name: &'static str| {
        let request = SignUpRequest {
            email: ANN.to_owned(),
            password: PASSWORD.to_owned(),
        };
        with_metadata("idempotency-key", name, request)
    };
    let name = "sign-up-1";
    server.public().sign_up(request(name)).await.unwrap();
    assert_eq!(server.harness.mails().await.len(), 1);
    // Later than a second mail to one address may follow the first.
    server.harness.clock.advance(61_000);
    server.public().sign_up(request(name)).await.unwrap();
    assert_eq!(server.harness.mails().await.len(), 1);
    // Another name, another request.
    let name = "sign-up-2";
    server.public().sign_up(request(name)).await.unwrap();
    assert_eq!(server.harness.mails().await.len(), 2);
}
