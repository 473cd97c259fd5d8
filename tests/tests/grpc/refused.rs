//! Requests that nobody should make.

use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use vestibule_tests::grpc::accounts::{SignInRequest, SignUpRequest};
use vestibule_tests::grpc::test::PingRequest;

use crate::world::{PASSWORD, Server, reason, violated};

const SIGN_UP: &str = "/accounts.v1.PublicAccountsService/SignUp";

/// A message of another program: its first field is a number.
#[derive(Clone, PartialEq, prost::Message)]
struct Odd {
    #[prost(uint64, tag = "1")]
    email: u64,
}

async fn send<M>(server: &Server, path: &'static str, message: M) -> Result<(), Status>
where
    M: prost::Message + 'static,
{
    let mut client = tonic::client::Grpc::new(server.channel());
    client.ready().await.unwrap();
    let codec = ProstCodec::<M, ()>::default();
    let path = PathAndQuery::from_static(path);
    let answer = client.unary(Request::new(message), path, codec).await;
    answer.map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_and_the_server_goes_on() {
    let server = Server::start().await;
    let refused = send(&server, SIGN_UP, Odd { email: 7 }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(reason(&refused), "bad-request");

    let large = SignInRequest {
        email: "a".repeat(300 * 1_024),
        password: String::new(),
    };
    let refused = send(&server, SIGN_UP, large).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);

    let path = "/accounts.v1.PublicAccountsService/Nothing";
    let refused = send(&server, path, PingRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);

    server.ping().ping(PingRequest {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_has_a_limit() {
    let server = Server::start().await;
    let mut ping = Request::new(PingRequest {});
    let value = "x".repeat(40 * 1_024);
    ping.metadata_mut()
        .insert("x-large", value.parse().unwrap());
    server.ping().ping(ping).await.unwrap_err();
    server.ping().ping(PingRequest {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_breaks_a_rule_is_named() {
    let server = Server::start().await;
    let long = "p".repeat(5 * 1_024);
    let control = "ann\u{202e}@example.org";
    for (email, password, field) in [
        ("ann@example.org", "short", "password"),
        ("ann@example.org", &*long, "password"),
        ("ann", PASSWORD, "email"),
        ("", PASSWORD, "email"),
        (control, PASSWORD, "email"),
    ] {
        let request = SignUpRequest {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        let refused = server.public().sign_up(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert_eq!(reason(&refused), "validation-failed");
        assert_eq!(violated(&refused), [field]);
    }
}
