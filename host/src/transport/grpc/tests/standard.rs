//! The services that every gRPC server has.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prost_reflect::prost::Message as _;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::*;

async fn health(fake: &Arc<Fake>, service: &str) -> Result<ServingStatus, Code> {
    let asked = HealthCheckRequest {
        service: service.to_owned(),
    };
    let body = frame(&asked.encode_to_vec()).freeze();
    // Nobody in particular.
    let request = request("grpc.health.v1.Health/Check", &[], body);
    let answered = send(app(fake), request).await;
    match answered.messages.as_slice() {
        [message] => Ok(HealthCheckResponse::decode(message.clone())
            .unwrap()
            .status()),
        _ => Err(answered.code()),
    }
}

#[tokio::test]
async fn a_service_is_healthy_when_its_commands_are_deployed() {
    let token = Fake::new();
    let all = r#"
        package vestibule:accounts@1.0.0;
        interface commands {
            sign-up: func(); sign-in: func(); verify-email: func(); reset-password: func(); new-password: func();
        }
        world w { export commands; }
    "#;
    let accounts = Fake::serving(all, &[]);
    for (fake, service, status) in [
        (&token, "", Ok(ServingStatus::Serving)),
        (
            &token,
            "test.v1.TestAuthService",
            Ok(ServingStatus::Serving),
        ),
        (
            &token,
            "accounts.v1.PublicAccountsService",
            Ok(ServingStatus::NotServing),
        ),
        (
            &accounts,
            "accounts.v1.PublicAccountsService",
            Ok(ServingStatus::Serving),
        ),
        // Only some of its commands.
        (
            &accounts,
            "accounts.v1.AccountsService",
            Ok(ServingStatus::NotServing),
        ),
        (
            &accounts,
            "tokens.v1.TokensService",
            Ok(ServingStatus::NotServing),
        ),
        (&accounts, "accounts.v1", Err(Code::NotFound)),
        (&accounts, "nothing.v1.Nothing", Err(Code::NotFound)),
    ] {
        assert_eq!(health(fake, service).await, status, "{service}");
    }
}

#[tokio::test]
async fn a_check_without_a_command_is_not_healthy() {
    let fake = Fake::new();
    fake.checks.store(false, Ordering::SeqCst);
    for (service, status) in [
        ("test.v1.TestAuthService", ServingStatus::NotServing),
        ("test.v1.TestNoAuthService", ServingStatus::Serving),
        ("", ServingStatus::Serving),
    ] {
        assert_eq!(health(&fake, service).await, Ok(status), "{service}");
    }
}

#[tokio::test]
async fn another_version_of_a_channel_is_not_the_one_that_is_asked() {
    let later = r#"
        package vestibule:accounts@2.0.0;
        interface commands {
            sign-up: func(); sign-in: func(); verify-email: func(); reset-password: func(); new-password: func();
        }
        world w { export commands; }
    "#;
    let status = health(
        &Fake::serving(later, &[]),
        "accounts.v1.PublicAccountsService",
    )
    .await;
    assert_eq!(status, Ok(ServingStatus::NotServing));
}

#[tokio::test]
async fn a_question_about_health_is_small() {
    let fake = Fake::new();
    let mut options = options();
    options.max_body_bytes = 64 * 1_024;
    let app = http::router(fake, options);
    let asked = HealthCheckRequest {
        service: "s3cret".repeat(200),
    };
    let body = frame(&asked.encode_to_vec()).freeze();
    let answered = send(app, request("grpc.health.v1.Health/Check", &[], body)).await;
    assert_eq!(answered.code(), Code::OutOfRange);
    assert!(!answered.status.message().contains("s3cret"));
}

#[tokio::test]
async fn a_question_about_services_does_not_last() {
    let mut options = options();
    options.max_body_bytes = 1_024;
    options.grpc_reflection = true;
    options.body_timeout = Duration::ZERO;
    let app = http::router(Fake::new(), options);
    let body = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let method = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    // It ends, although the client does not.
    let answered = send(app, request(method, &[], body)).await;
    assert_eq!(answered.code(), Code::Ok);
    assert!(answered.messages.is_empty());
}

#[tokio::test]
async fn nothing_is_healthy_while_the_host_cannot_answer() {
    let fake = Fake::new();
    fake.ready.store(false, Ordering::SeqCst);
    for service in ["", "test.v1.TestAuthService"] {
        assert_eq!(health(&fake, service).await, Ok(ServingStatus::NotServing));
    }
}

#[tokio::test]
async fn health_is_asked_for_and_not_watched() {
    let fake = Fake::new();
    let request = request("grpc.health.v1.Health/Watch", &[], frame(&[]).freeze());
    assert_eq!(send(app(&fake), request).await.code(), Code::Unimplemented);
}

#[tokio::test]
async fn the_services_are_described_if_that_is_configured() {
    let mut options = options();
    options.max_body_bytes = 1_024;
    options.grpc_reflection = true;
    let app = http::router(Fake::new(), options);
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let method = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let body = frame(&asked.encode_to_vec()).freeze();
    let answered = send(app, request(method, &[], body)).await;
    let response = ServerReflectionResponse::decode(answered.messages[0].clone()).unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = response.message_response else {
        panic!("a list of services");
    };
    let names: Vec<_> = list.service.iter().map(|service| &*service.name).collect();
    for name in [
        "accounts.v1.AccountsService",
        "accounts.v1.PublicAccountsService",
        "tokens.v1.TokensService",
        "test.v1.TestAuthService",
        "test.v1.TestNoAuthService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
}
