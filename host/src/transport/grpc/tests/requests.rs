//! From a request to a message for a command.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use proptest::prelude::{any, proptest};
use serde_json::json;

use super::*;
use crate::message::Plane;
use crate::transport::grpc::methods::Methods;
use crate::transport::grpc::rpcs::RPCS;

#[tokio::test]
async fn a_request_is_a_message_for_its_command() {
    let fake = fake();
    fake.will_answer(Ok(Some(json!({"access_token": "eyJ.a.b"}))));
    let body = message(
        "accounts.v1.SignInRequest",
        &json!({"email": "ann@example.org", "password": "s3cret"}),
    );
    let metadata = [
        ("grpc-timeout", "5S"),
        ("idempotency-key", "k-1"),
        ("x-request-id", "r-1"),
        ("x-forwarded-for", "198.51.100.7"),
    ];
    let mut request = request(SIGN_IN, &metadata, frame(&body).freeze());
    let peer = SocketAddr::from(([127, 0, 0, 1], 9));
    request.extensions_mut().insert(ConnectInfo(peer));
    let answered = send(app(&fake), request).await;
    assert_eq!(answered.code(), Code::Ok);
    assert_eq!(answered.headers["x-request-id"], "r-1");
    let sent = fake.sent.lock().unwrap();
    let [message] = sent.as_slice() else {
        panic!("one message");
    };
    assert_eq!(
        (&*message.channel, &*message.command),
        ("accounts", "sign-in")
    );
    assert_eq!(message.version, 1);
    assert_eq!(message.id.as_deref(), Some("k-1"));
    assert_eq!(message.request_id, "r-1");
    // It is 1 000 at the other side.
    assert_eq!(message.deadline, Some(6_000));
    assert_eq!(message.caller.plane, Plane::Public);
    let address = message.caller.remote_address.unwrap();
    assert_eq!(address.to_string(), "198.51.100.7");
    let expected = json!({"email": "ann@example.org", "password": "s3cret"});
    assert_eq!(message.payload, expected);
}

#[tokio::test]
async fn fields_stand_where_the_command_has_them() {
    let millis = 1_795_269_413_123_u64;
    for (method, request, sent) in [
        (
            CREATE,
            json!({"metadata": {"name": "ci", "expires_at": millis}, "permissions": {"scopes": ["*"]}}),
            json!({"metadata": {"name": "ci", "expires_at": millis}, "permissions": {"scopes": ["*"]}}),
        ),
        // A message that is there has its fields, also those that are empty.
        (
            "tokens.v1.TokensService/UpdateToken",
            json!({"uuid": "u", "permissions": {"scopes": []}}),
            json!({"uuid": "u", "permissions": {"scopes": []}}),
        ),
        (
            CREATE,
            json!({"metadata": {"name": ""}}),
            json!({"metadata": {"name": ""}}),
        ),
        // One that is not has none.
        (CREATE, json!({}), json!({})),
        ("tokens.v1.TokensService/GetToken", json!({}), json!({})),
        (
            "accounts.v1.PublicAccountsService/ResetPassword",
            json!({"email": "ann@example.org", "data": {"name": "Ann"}}),
            json!({"email": "ann@example.org"}),
        ),
        (
            "accounts.v1.PublicAccountsService/NewPassword",
            json!({"email": "ann@example.org", "password": "s3cret", "code": "c"}),
            json!({"password": "s3cret", "code": "c"}),
        ),
        (SIGN_IN, json!({}), json!({"email": "", "password": ""})),
    ] {
        let fake = fake();
        let rpc = RPCS.iter().find(|rpc| rpc.method == method).unwrap();
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
        let service = pool.get_service_by_name(rpc.service()).unwrap();
        let name = method.split_once('/').unwrap().1;
        let input = service
            .methods()
            .find(|it| it.name() == name)
            .unwrap()
            .input();
        ask(&fake, method, &message(input.full_name(), &request)).await;
        assert_eq!(fake.sent.lock().unwrap()[0].payload, sent, "{method}");
    }
}

#[tokio::test]
async fn a_refresh_token_comes_as_metadata() {
    let fake = fake();
    let key = ("authorization", "Bearer vsk_all");
    let with = |metadata: &[(&str, &str)]| request(REFRESH, metadata, frame(&[]).freeze());
    let one = with(&[key, ("x-refresh-token", "s3cret")]);
    send(app(&fake), one).await;
    send(app(&fake), with(&[key])).await;
    {
        let sent = fake.sent.lock().unwrap();
        assert_eq!(sent[0].payload, json!({"refresh_token": "s3cret"}));
        assert_eq!(sent[1].payload, json!({}));
    }
    let two = with(&[key, ("x-refresh-token", "a"), ("x-refresh-token", "b")]);
    let answered = send(app(&fake), two).await;
    assert_eq!(answered.code(), Code::InvalidArgument);
    assert_eq!(answered.violated(), ["x-refresh-token"]);
    assert_eq!(fake.sent.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_moment_that_is_none_is_refused_with_its_field() {
    let name = "google.protobuf.Timestamp";
    for (seconds, nanos) in [
        (-1, 0),
        (253_402_300_800_i64, 0),
        (0, -1),
        (0, 1_000_000_000),
    ] {
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
        let mut moment =
            prost_reflect::DynamicMessage::new(pool.get_message_by_name(name).unwrap());
        moment.set_field_by_name("seconds", prost_reflect::Value::I64(seconds));
        moment.set_field_by_name("nanos", prost_reflect::Value::I32(nanos));
        let moment = prost_reflect::prost::Message::encode_to_vec(&moment);
        // CreateTokenRequest { token_metadata = 1 { expires_at = 2 } }
        let metadata = [&[0x12, u8::try_from(moment.len()).unwrap()], &*moment].concat();
        let create = [&[0x0a, u8::try_from(metadata.len()).unwrap()], &*metadata].concat();
        let fake = fake();
        let answered = ask(&fake, CREATE, &create).await;
        assert_eq!(answered.code(), Code::InvalidArgument);
        assert_eq!(answered.violated(), ["token_metadata.expires_at"]);
        assert!(fake.sent.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_no_such_message_is_refused_and_not_repeated() {
    let text = b"\x0a\x06s3\xffret";
    for malformed in [
        &text[..],
        b"\x0a",
        b"\x0a\x7fs3cret",
        b"\x08\x01",
        b"\xff\xff\xff",
    ] {
        let fake = fake();
        let answered = ask(&fake, SIGN_IN, malformed).await;
        assert_eq!(answered.code(), Code::InvalidArgument, "{malformed:?}");
        let details = answered.details();
        assert_eq!(details.error_info().unwrap().reason, "bad-request");
        assert!(!format!("{:?}", answered.status).contains("s3"));
        assert!(fake.sent.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_passed_over() {
    let fake = fake();
    fake.will_answer(Ok(Some(json!({"access_token": "eyJ.a.b"}))));
    // email = 1, password = 2, and a field 15 of a client that is newer.
    let answered = ask(&fake, SIGN_IN, b"\x0a\x01a\x12\x01b\x7a\x01c").await;
    assert_eq!(answered.code(), Code::Ok);
    let expected = json!({"email": "a", "password": "b"});
    assert_eq!(fake.sent.lock().unwrap()[0].payload, expected);
}

proptest! {
    #[test]
    fn no_bytes_bring_a_decoder_down(bytes: Vec<u8>, tag in any::<u8>()) {
        let methods = Methods::load();
        // As they are, and as the inside of a field.
        let mut nested = vec![tag, u8::try_from(bytes.len().min(127)).unwrap()];
        nested.extend_from_slice(&bytes[..bytes.len().min(127)]);
        for rpc in &RPCS {
            let method = methods.get(rpc.method).unwrap();
            let _ = method.decode(bytes.clone().into());
            let _ = method.decode(nested.clone().into());
        }
    }
}
