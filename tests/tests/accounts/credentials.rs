//! What a credential is worth over HTTP: nothing once its session has ended, and an API token no more than a program should have.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule_tests::front::{Front, Who};
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use crate::script::Person;
use crate::statuses::api_token;
use crate::world::{
    NEW_PASSWORD, PASSWORD, Session, behind_http, mailed_token, ok, operator, sign_in, stranger,
    user,
};

const EMAIL: &str = "ada@example.org";

/// What somebody with `credential` is answered when they ask for their profile.
async fn profile(front: &Front, credential: &str) -> (u16, String) {
    let reply = front
        .post(&Who::with(credential), "accounts/profile", &json!({}))
        .await;
    (reply.status, reply.face())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_credential_that_is_worth_nothing_is_answered_the_same() {
    let (host, front) = behind_http().await;
    let ada = Person::with_account(&host, 1, EMAIL).await;
    let token = api_token(&host, &ada.session.access, &["*"]).await;
    let elsewhere = harness::on(Backend::Memory).with_bundle().root_key([8; 32]);
    let elsewhere = elsewhere.start().await;
    let foreign = elsewhere
        .ok("token", "generate-tokens", json!({"id": ada.id}))
        .await;

    let (good, _) = profile(&front, &ada.session.access).await;
    assert_eq!(good, 200);
    let mut faces = BTreeSet::new();
    for credential in [
        "nonsense",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.",
        &altered(&ada.session.access),
        foreign["access_token"].as_str().unwrap(),
        &ada.session.refresh,
        "vst_",
        &altered(&token),
    ] {
        let (status, face) = profile(&front, credential).await;
        assert_eq!(status, 401);
        faces.insert(face);
    }
    host.clock.advance(11 * 60 * 1_000);
    faces.insert(profile(&front, &ada.session.access).await.1);
    assert_eq!(faces.len(), 1, "{faces:#?}");
    // RFC 6750 §3.1
    let face = faces.into_iter().next().unwrap();
    assert!(face.contains("invalid_token"), "{face}");
    // The session goes on, and so does the API token.
    let request = json!({"refresh_token": ada.session.refresh});
    let renewed = Session::of(&ok(stranger(&host, 1, "refresh-session", request).await));
    assert_eq!(profile(&front, &renewed.access).await.0, 200);
    assert_eq!(profile(&front, &token).await.0, 200);
}

/// A credential with a character of its last part changed.
fn altered(credential: &str) -> String {
    let at = credential.len() - 6;
    let (start, end) = credential.split_at(at);
    let other = if end.starts_with('A') { "B" } else { "A" };
    format!("{start}{other}{}", &end[1..])
}

/// The ways in which a session ends. Each is done to the session of `ada`, by somebody with another session where one is needed.
const ENDS: [&str; 8] = [
    "sign-out",
    "end-session",
    "end-all-sessions",
    "change-password",
    "new-password",
    "a replayed refresh token",
    "set-disabled",
    "delete-account",
];

async fn end(host: &Harness, ada: &Person, way: &str) {
    let other = Session::of(&ok(sign_in(host, 1, EMAIL, PASSWORD).await));
    let own = async |command: &str, request: Value| {
        ok(user(host, &other.access, "accounts", command, request).await)
    };
    let asked = async |command: &str, request: Value| stranger(host, 1, command, request).await;
    let refresh = json!({"refresh_token": ada.session.refresh});
    match way {
        "sign-out" => ok(asked("sign-out", refresh).await),
        "end-session" => own("end-session", json!({"session_id": ada.session_id})).await,
        "end-all-sessions" => own("end-all-sessions", json!({})).await,
        "change-password" => {
            own(
                "change-password",
                json!({"current": PASSWORD, "new": NEW_PASSWORD}),
            )
            .await
        }
        "new-password" => {
            ok(asked("reset-password", json!({"email": EMAIL})).await);
            let code = mailed_token(host, EMAIL, "new-password").await.unwrap();
            ok(asked(
                "new-password",
                json!({"code": code, "password": NEW_PASSWORD}),
            )
            .await)
        }
        "a replayed refresh token" => {
            ok(asked("refresh-session", refresh.clone()).await);
            host.clock.advance(31_000);
            asked("refresh-session", refresh).await.unwrap_err();
            Value::Null
        }
        "set-disabled" => {
            let request = json!({"id": ada.id, "disabled": true});
            ok(operator(host, "authorization", "set-disabled", request).await)
        }
        "delete-account" => own("delete-account", json!({"password": PASSWORD})).await,
        other => panic!("nobody knows how to {other}"),
    };
}

// H02, H05, I06, E02, E07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_is_worth_nothing_once_its_session_has_ended() {
    let (host, front) = behind_http().await;
    let (_, nonsense) = profile(&front, "nonsense").await;
    for way in ENDS {
        let ada = Person::with_account(&host, 1, EMAIL).await;
        assert_eq!(profile(&front, &ada.session.access).await.0, 200, "{way}");
        end(&host, &ada, way).await;
        let (_, face) = profile(&front, &ada.session.access).await;
        assert_eq!(face, nonsense, "{way}");
        let refresh = json!({"refresh_token": ada.session.refresh});
        let reply = front
            .post(&Who::stranger(), "accounts/refresh-session", &refresh)
            .await;
        assert_eq!(reply.status, 401, "{way}");
        forget(&host, &ada).await;
    }
}

/// Removes Ada's account, so that she can begin anew.
async fn forget(host: &Harness, ada: &Person) {
    ok(operator(
        host,
        "authorization",
        "delete-account",
        json!({"id": ada.id}),
    )
    .await);
}

/// Ada, an API token of hers with every scope, and its uuid; Eve, who has an account too.
async fn ada_and_eve() -> (Arc<Harness>, Front, [Person; 2], String, Value) {
    let (host, front) = behind_http().await;
    let ada = Person::with_account(&host, 1, EMAIL).await;
    let eve = Person::with_account(&host, 2, "eve@example.org").await;
    let value = api_token(&host, &ada.session.access, &["*"]).await;
    let listed = user(&host, &ada.session.access, "api-tokens", "list", json!({})).await;
    let uuid = ok(listed)["tokens"][0]["uuid"].clone();
    (host, front, [ada, eve], value, uuid)
}

// L05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_token_makes_no_token_and_changes_no_credential() {
    let (host, front, [ada, _], value, uuid) = ada_and_eve().await;
    let short = user(&host, &value, "accounts", "token-authorization", json!({})).await;
    let short = ok(short)["access_token"].as_str().unwrap().to_owned();
    let (own, nothing) = (json!({"uuid": uuid}), json!({}));
    for credential in [&value, &short] {
        let program = Who::with(credential);
        for (command, request) in for_people_only(&host, &uuid) {
            let reply = front.post(&program, command, &request).await;
            assert_eq!(reply.code(), "access-denied", "{command}");
        }
        for (command, request) in [
            ("api-tokens/get", &own),
            ("api-tokens/list", &nothing),
            ("accounts/profile", &nothing),
            ("accounts/update-profile", &json!({"last_name": "Lovelace"})),
        ] {
            let reply = front.post(&program, command, request).await;
            assert_eq!(reply.status, 200, "{command}: {}", reply.body);
        }
    }
    // Only the token itself begins a session, and it may end itself.
    let again = front
        .post(&Who::with(&short), "accounts/token-authorization", &nothing)
        .await;
    assert_eq!(again.status, 403);
    let program = Who::with(&value);
    let ended = front
        .post(&program, "api-tokens/force-expiration", &own)
        .await;
    assert_eq!(ended.status, 204);
    assert_eq!(profile(&front, &value).await.0, 401);
    // The person may do all of it.
    host.clock.advance(1);
    let another = api_token(&host, &ada.session.access, &["*"]).await;
    let listed = user(&host, &another, "api-tokens", "list", json!({})).await;
    let uuid = ok(listed)["tokens"][1]["uuid"].clone();
    let person = Who::with(&ada.session.access);
    for (command, request) in for_people_only(&host, &uuid) {
        let reply = front.post(&person, command, &request).await;
        assert!(
            [200, 204].contains(&reply.status),
            "{command}: {}",
            reply.body
        );
    }
}

/// What a person does with a session of their own and a program does not, the account's end last.
fn for_people_only(host: &Harness, uuid: &Value) -> [(&'static str, Value); 8] {
    let own = json!({"uuid": uuid});
    let expires_at = host.clock.now() + 60_000;
    [
        (
            "api-tokens/create",
            json!({"metadata": {"name": "more", "expires_at": expires_at}}),
        ),
        ("api-tokens/update", own.clone()),
        ("api-tokens/regenerate", own),
        ("api-tokens/delete-all", json!({})),
        (
            "accounts/change-password",
            json!({"current": PASSWORD, "new": NEW_PASSWORD}),
        ),
        ("accounts/list-sessions", json!({})),
        ("accounts/end-session", json!({"session_id": "A"})),
        ("accounts/delete-account", json!({"password": NEW_PASSWORD})),
    ]
}

// L05, H03
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_api_token_is_like_one_that_does_not_exist() {
    let (host, front, [ada, eve], value, uuid) = ada_and_eve().await;
    let unknown = json!("01890000-0000-7000-8000-000000000000");
    let who = Who::with(&eve.session.access);
    for command in ["get", "update", "regenerate", "force-expiration"] {
        let mut faces = BTreeSet::new();
        for uuid in [&uuid, &unknown] {
            let request = json!({"uuid": uuid});
            let reply = front
                .post(&who, &format!("api-tokens/{command}"), &request)
                .await;
            assert_eq!(reply.status, 404, "{command}");
            faces.insert(reply.face());
        }
        assert_eq!(faces.len(), 1, "{command}");
    }
    let listed = front.post(&who, "api-tokens/list", &json!({})).await;
    assert_eq!(listed.json(), json!({"tokens": []}));
    ok(user(
        &host,
        &eve.session.access,
        "api-tokens",
        "delete-all",
        json!({}),
    )
    .await);
    // It is still Ada's.
    assert_eq!(profile(&front, &value).await.0, 200);
    let own = Who::with(&ada.session.access);
    let found = front
        .post(&own, "api-tokens/get", &json!({"uuid": uuid}))
        .await;
    assert_eq!(found.status, 200);
}
