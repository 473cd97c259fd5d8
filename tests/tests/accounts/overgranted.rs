//! `accounts` replaced by a build that asks for more than it should: refused with the bundled grants, and what still holds where an
//! operator granted it everything.

use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::StartError;
use vestibule::clock::Clock as _;
use vestibule::message::{Caller, Principal};
use vestibule::sandbox::DeployError;
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use crate::script::{DENIED, Person, as_service, as_stranger, as_user, claims, tokens};
use crate::world::{PASSWORD, installation, ok, operator, sign_in, signed_in, stranger};

/// What the build imports and the bundled one is not granted.
const TOO_MUCH: [&str; 18] = [
    "authorization/cancel-registration",
    "authorization/find-account",
    "authorization/get-access-token",
    "authorization/get-forgot-password-token",
    "authorization/get-refresh-token",
    "authorization/get-signup-token",
    "authorization/import-users",
    "authorization/registration",
    "authorization/save-token",
    "authorization/set-disabled",
    "authorization/set-roles",
    "caller.establish",
    "email/send-verify-email",
    "mail",
    "signing",
    "storage",
    "token/generate-tokens",
    "token/revoke-subject",
];

/// Whatever it may want, and what the bundled build needs until it is replaced.
const EVERYTHING: [&str; 13] = [
    "api-tokens/*",
    "audit",
    "authorization/*",
    "caller",
    "caller.establish",
    "email/*",
    "limits",
    "log",
    "mail",
    "signing",
    "storage",
    "token/*",
    "users/*",
];

/// An installation that grants `accounts` everything. Ada and Eve have accounts, Cyd has not verified; then the build takes over.
async fn taken_over() -> (Arc<Harness>, Person, Person) {
    let builder = harness::on(Backend::Sqlite).with_bundle();
    let host = Arc::new(builder.grant("accounts", &EVERYTHING).start().await);
    let ada = Person::with_account(&host, 1, "ada@example.org").await;
    let eve = Person::with_account(&host, 2, "eve@example.org").await;
    let request = json!({"email": "cyd@example.org", "password": PASSWORD});
    ok(stranger(&host, 3, "sign-up", request).await);
    host.clock.advance(2 * 60 * 1_000);
    let build = guests::ACCOUNTS_BEYOND.to_vec();
    let deployed = host.deploy_with("accounts", build, &TOO_MUCH).await;
    deployed.unwrap();
    (host, ada, eve)
}

fn missing(error: DeployError) -> Vec<String> {
    let DeployError::Missing(missing) = error else {
        panic!("{error}");
    };
    let mut grants = missing.grants;
    grants.sort();
    grants
}

// M05: a denied capability stays denied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_asks_for_more_than_accounts_is_granted_is_refused_by_name() {
    let host = installation().await;
    signed_in(&host, 1, "ada@example.org").await;
    let build = guests::ACCOUNTS_BEYOND.to_vec();
    let refused = host.deploy("accounts", build.clone()).await;
    let refused = refused.unwrap_err();
    let [problem] = refused.problems() else {
        panic!("{refused}");
    };
    let flags: Vec<_> = problem.remedy.split(" --grant ").skip(1).collect();
    assert_eq!(flags.len(), TOO_MUCH.len() - 1, "{problem}");
    for grant in TOO_MUCH {
        let flag = format!("--grant {grant}");
        assert!(problem.remedy.contains(&flag), "{problem}");
    }
    let text = problem.to_string();
    for import in [
        "vestibule:authorization/commands@1.0.0#get-forgot-password-token",
        "vestibule:capability/caller@1.0.0#establish",
        "vestibule:capability/mail@1.0.0",
        "vestibule:token/commands@1.0.0#generate-tokens",
    ] {
        assert!(text.contains(import), "{text}");
    }
    // The bundled one serves on.
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);

    // At the start likewise.
    let started = harness::on(Backend::Memory).with_bundle().component(build);
    match started.try_start().await.err() {
        Some(StartError::Component { cause, .. }) => assert_eq!(missing(cause), TOO_MUCH),
        other => panic!("{other:?}"),
    }
    // One that means as much harm and asks for no more is taken: what it can do is shown in `replaced`.
    let within = guests::ACCOUNTS_WITHIN.to_vec();
    host.deploy("accounts", within).await.unwrap();
}

/// A service that acts for somebody.
fn acting_for(person: &Person, host: &Harness) -> Caller {
    Caller {
        principal: Some(Principal {
            subject: person.id.clone(),
            roles: vec!["admin".to_owned()],
            scopes: None,
            session: None,
            methods: vec!["acting".to_owned()],
            authenticated_at: host.clock.now(),
        }),
        ..Caller::service(Some("key-1".to_owned()))
    }
}

/// What the steps saw on every plane: asked by a stranger, by Eve, by a service, by one that acts for Ada, by the operator.
async fn on_every_plane(
    host: &Harness,
    ada: &Person,
    eve: &Person,
    steps: &[&str],
) -> [Vec<String>; 5] {
    let service = || Caller::service(Some("key-1".to_owned()));
    let operator = Caller {
        operator: true,
        ..service()
    };
    [
        as_stranger(host, steps).await,
        as_user(host, &eve.session.access, steps).await,
        as_service(host, service(), steps).await,
        as_service(host, acting_for(ada, host), steps).await,
        as_service(host, operator, steps).await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_makes_a_command_answer_it_a_one_time_token() {
    let (host, ada, eve) = taken_over().await;
    let steps = [
        &*format!("registration|new@example.org|{PASSWORD}"),
        "get-signup-token|cyd@example.org",
        "get-forgot-password-token|ada@example.org",
        &format!("save-token|{}", ada.id),
        &format!("cancel-registration|{}", ada.id),
    ];
    for saw in on_every_plane(&host, &ada, &eve, &steps).await {
        assert_eq!(saw, [DENIED; 5]);
    }
    // A service that asks by itself is answered.
    for (command, email) in [
        ("get-signup-token", "cyd@example.org"),
        ("get-forgot-password-token", "ada@example.org"),
    ] {
        let made = host
            .ok("authorization", command, json!({"email": email}))
            .await;
        assert!(made["token"].is_string(), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_makes_an_operator_of_it() {
    let (host, ada, eve) = taken_over().await;
    let steps = [
        "find-account|ada@example.org",
        &format!("set-disabled|{}", ada.id),
        &format!("set-roles|{}", eve.id),
        "import-users|mal@example.org",
    ];
    for saw in on_every_plane(&host, &ada, &eve, &steps).await {
        assert_eq!(saw, [DENIED; 4]);
    }
    let found = operator(
        &host,
        "authorization",
        "find-account",
        json!({"email": "ada@example.org"}),
    )
    .await;
    assert_eq!(ok(found)["account"]["disabled"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_mints_it_tokens_of_somebody_else() {
    let (host, ada, eve) = taken_over().await;
    let guess = "get-user|ada@example.org|not the password";
    let steps = [
        guess,
        &format!("generate-tokens|{}", ada.id),
        "issue-session|full",
    ];
    for saw in on_every_plane(&host, &ada, &eve, &steps).await {
        assert_eq!(saw[1..], [DENIED, DENIED]);
    }
    let right = format!("get-user|ada@example.org|{PASSWORD}");
    let saw = as_stranger(&host, &[&right, steps[1]]).await;
    let claims = claims(&host, &tokens(&saw[1]).access).await;
    assert_eq!(claims["id"], ada.id);
}

/// Why `caller.establish` is granted to those that check credentials and to nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_say_who_it_is_can_be_anybody_but_not_somebody_else() {
    let (host, ada, eve) = taken_over().await;
    let steps = [
        &*format!("establish|{}", ada.id),
        "who",
        &format!("generate-tokens|{}", ada.id),
        &format!("get-account|{}", ada.id),
    ];
    let saw = as_user(&host, &eve.session.access, &steps).await;
    assert_eq!(saw, ["false", &eve.id, DENIED, DENIED]);
    let saw = as_stranger(&host, &steps).await;
    assert_eq!(saw[..2], ["true", &ada.id]);
    assert!(saw[2..].iter().all(|saw| saw.starts_with("Ok(")), "{saw:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_storage_is_its_own_under_whatever_name() {
    let (host, ada, eve) = taken_over().await;
    save_tokens(&host, &ada).await;
    assert_eq!(
        as_stranger(&host, &["put|mine|1", "get|mine"]).await,
        ["put", "Some(\"1\")"]
    );
    for channel in ["api-tokens", "authorization", "token", "users"] {
        let keys = host.entries(channel).await.into_keys();
        for key in keys {
            let places = [
                &*format!("get|{key}"),
                &format!("get|c/default/{channel}/{key}"),
                &format!("get|../{channel}/{key}"),
                &format!("keys|{key}"),
            ];
            let saw = as_user(&host, &eve.session.access, &places).await;
            assert_eq!(saw, ["None", "None", "None", "[]"], "{channel}: {key}");
        }
    }
    assert_eq!(as_stranger(&host, &["keys|"]).await, ["[\"mine\"]"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_token_is_told_to_whoever_has_it() {
    let (host, ada, _) = taken_over().await;
    save_tokens(&host, &ada).await;
    let guess = ["get-access-token|A", "get-refresh-token|A"];
    let saw = as_stranger(&host, &guess).await;
    assert_eq!(
        saw,
        [
            "Ok(FoundAccessToken { token: None })",
            "Ok(FoundRefreshToken { token: None })"
        ]
    );
    let presented = format!("get-access-token|{SAVED_ACCESS}");
    let saw = as_stranger(&host, &[&presented]).await;
    assert!(saw[0].contains(&ada.id), "{saw:?}");
    assert!(!saw[0].contains(SAVED_REFRESH), "{saw:?}");
}

const SAVED_ACCESS: &str = "an-access-token-that-a-service-made";
const SAVED_REFRESH: &str = "a-refresh-token-that-a-service-made";

/// A service saves tokens that it made for Ada.
async fn save_tokens(host: &Harness, ada: &Person) -> Value {
    let expires_at = host.clock.now() + 60 * 60 * 1_000;
    let request = json!({
        "access_token": SAVED_ACCESS,
        "access_token_expires_at": expires_at,
        "refresh_token": SAVED_REFRESH,
        "refresh_token_expires_at": expires_at,
        "user": {"id": ada.id},
    });
    host.ok("authorization", "save-token", request).await
}
