//! `accounts` replaced by a build that means harm and has the grants of the bundled one: it gets no session of whom nobody found
//! proved, no one-time token, and nothing of anybody but whom its message acts for. What it may do stands beside.

use std::sync::Arc;

use serde_json::json;
use vestibule::clock::Clock as _;
use vestibule::message::{Caller, Principal};
use vestibule_tests::guests;
use vestibule_tests::harness::Harness;

use crate::script::{
    DENIED, DONE, Person, as_service, as_stranger, as_user, claims, field, tokens,
};
use crate::world::{NEW_PASSWORD, PASSWORD, installation, mailed_token, ok, sign_in, user};

/// Ada and Eve have accounts and sessions; then the build takes over.
async fn taken_over() -> (Arc<Harness>, Person, Person) {
    let host = installation().await;
    let ada = Person::with_account(&host, 1, "ada@example.org").await;
    let eve = Person::with_account(&host, 2, "eve@example.org").await;
    let build = guests::ACCOUNTS_WITHIN.to_vec();
    host.deploy("accounts", build).await.unwrap();
    (host, ada, eve)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_gets_no_session_of_whom_nobody_found_proved() {
    let (host, ada, eve) = taken_over().await;
    let nobody = [
        "issue-session|full",
        "issue-session|access-only",
        "end-all-sessions",
    ];
    assert_eq!(as_stranger(&host, &nobody).await, [DENIED; 3]);

    let guess = format!("get-user|ada@example.org|{NEW_PASSWORD}");
    let saw = as_stranger(&host, &[&guess, "who", "issue-session|full"]).await;
    assert_eq!(saw, ["Ok(FoundUser { user: None })", "nobody", DENIED]);

    // Whoever has the password has a session, and whoever came first is whom the message acts for.
    let eves = format!("get-user|eve@example.org|{PASSWORD}");
    let adas = format!("get-user|ada@example.org|{PASSWORD}");
    for other in [&guess, &adas] {
        let saw = as_stranger(&host, &[&eves, other, "who", "issue-session|full"]).await;
        assert_eq!(saw[2], eve.id);
        let claims = claims(&host, &tokens(&saw[3]).access).await;
        assert_eq!(claims["id"], eve.id);
        assert_ne!(claims["id"], ada.id);
    }
    let denied = host.audit().await;
    let denied = denied
        .iter()
        .filter(|record| record["action"] == "token-issue" && record["outcome"] == "denied");
    assert_eq!(denied.count(), 3, "each try is on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_is_worth_no_more_in_its_hands() {
    let (host, ada, _) = taken_over().await;
    // Minutes must not become months.
    let both = ["issue-session|full", "issue-session|access-only"];
    assert_eq!(
        as_user(&host, &ada.session.access, &both).await,
        [DENIED; 2]
    );

    let expires_at = host.clock.now() + 60 * 60 * 1_000;
    let wanted = json!({"metadata": {"name": "ci", "expires_at": expires_at}, "permissions": {"scopes": ["profile:read"]}});
    let made = user(&host, &ada.session.access, "api-tokens", "create", wanted).await;
    let value = ok(made)["value"].as_str().unwrap().to_owned();
    let saw = as_user(&host, &value, &both).await;
    assert_eq!(saw[0], DENIED);
    let short = tokens(&saw[1]);
    assert_eq!(short.refresh, "", "it ends with its access token");
    let claims = claims(&host, &short.access).await;
    assert_eq!(
        (&claims["id"], &claims["scopes"]),
        (&json!(ada.id), &json!(["profile:read"]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_in_front_of_it_lends_it_no_proof() {
    let (host, ada, eve) = taken_over().await;
    let acting_for_ada = || Caller {
        principal: Some(Principal {
            subject: ada.id.clone(),
            roles: Vec::new(),
            scopes: None,
            session: None,
            methods: vec!["acting".to_owned()],
            authenticated_at: host.clock.now(),
        }),
        ..Caller::service(Some("key-1".to_owned()))
    };
    let eves = format!("get-user|eve@example.org|{PASSWORD}");
    let list = |person: &Person| format!("list-sessions|{}", person.id);
    let steps = [
        "who",
        "issue-session|full",
        &eves,
        "who",
        "issue-session|full",
        &list(&eve),
    ];
    let saw = as_service(&host, acting_for_ada(), &steps).await;
    assert_eq!((&saw[0], &saw[3]), (&ada.id, &ada.id));
    assert_eq!((&*saw[1], &*saw[4], &*saw[5]), (DENIED, DENIED, DENIED));
    // What a service may ask for somebody, it may have a component ask for them.
    let saw = as_service(&host, acting_for_ada(), &[&list(&ada)]).await;
    assert!(saw[0].contains(&ada.session_id), "{saw:?}");
}

// B05, I01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_learns_no_one_time_token_and_not_who_has_an_account() {
    let (host, _, _) = taken_over().await;
    let sign_up = |email: &str| format!("sign-up|{email}|{NEW_PASSWORD}");
    assert_eq!(
        as_stranger(&host, &[&sign_up("cyd@example.org")]).await,
        [DONE]
    );
    host.clock.advance(2 * 60 * 1_000);
    for email in ["ada@example.org", "cyd@example.org", "dan@example.org"] {
        let saw = as_stranger(
            &host,
            &[
                &format!("start-verification|{email}"),
                &format!("start-password-reset|{email}"),
                &sign_up(email),
            ],
        )
        .await;
        assert_eq!(saw, [DONE; 3], "{email}");
    }
    // The tokens went where they belong.
    let verify = mailed_token(&host, "cyd@example.org", "verify-email").await;
    let code = mailed_token(&host, "ada@example.org", "new-password").await;
    let (verify, code) = (verify.unwrap(), code.unwrap());

    let guess = "A".repeat(code.len());
    let guesses = [
        &*format!("verify-email|{guess}"),
        &format!("reset-password|{guess}|{NEW_PASSWORD}"),
        // One for the other.
        &format!("verify-email|{code}"),
        &format!("reset-password|{verify}|{NEW_PASSWORD}"),
    ];
    assert_eq!(
        as_stranger(&host, &guesses).await,
        ["Err(Error::NotFound)"; 4]
    );
    // Whoever presents the one that was mailed is believed, and signed in by it all the same not.
    let presented = [
        &*format!("verify-email|{verify}"),
        &format!("reset-password|{code}|{NEW_PASSWORD}"),
        "who",
        "issue-session|full",
    ];
    assert_eq!(
        as_stranger(&host, &presented).await,
        [DONE, DONE, "nobody", DENIED]
    );
}

// H03
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_sees_changes_and_ends_nothing_of_anybody_else() {
    let (host, ada, eve) = taken_over().await;
    let by_id = |auth_id: &str| json!({"auth_id": auth_id});
    let profile = host
        .ok("users", "get-user-by-auth-id", by_id(&ada.id))
        .await;
    let profile = profile["user"]["id"].as_str().unwrap();
    let (id, session) = (&ada.id, &ada.session_id);
    let of_adas = [
        &*format!("get-account|{id}"),
        &format!("get-profile|{id}"),
        &format!("rename|{profile}|Eve"),
        &format!("list-sessions|{id}"),
        &format!("end-session|{id}|{session}"),
        &format!("change-password|{id}|{PASSWORD}|{NEW_PASSWORD}"),
        &format!("delete-account|{id}|{PASSWORD}"),
    ];
    assert_eq!(as_stranger(&host, &of_adas).await, [DENIED; 7]);
    assert_eq!(
        as_user(&host, &eve.session.access, &of_adas).await,
        [DENIED; 7]
    );
    let of_nobodys = ["end-all-sessions", "delete-api-tokens"];
    assert_eq!(as_stranger(&host, &of_nobodys).await, [DENIED; 2]);

    // Of whom the message acts for it may; another's session among their own is not there.
    let of_eves = [
        &*format!("get-account|{}", eve.id),
        &format!("get-profile|{}", eve.id),
        &format!("list-sessions|{}", eve.id),
        &format!("end-session|{}|{session}", eve.id),
        "delete-api-tokens",
        "refresh-session|nonsense",
        "blacklist-tokens|nonsense|nonsense",
    ];
    let saw = as_user(&host, &eve.session.access, &of_eves).await;
    assert!(saw[..3].iter().all(|saw| saw.starts_with("Ok(")), "{saw:?}");
    assert!(!saw.concat().contains(session), "{saw:?}");
    assert_eq!(saw[3..], [DONE, DONE, "Err(Error::Unauthenticated)", DONE]);

    // Nothing has happened to Ada.
    assert_eq!(claims(&host, &ada.session.access).await["id"], ada.id);
    host.rollback("accounts").await.unwrap();
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
    let own = ok(user(&host, &ada.session.access, "accounts", "profile", json!({})).await);
    assert_eq!(own["last_name"], "King");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_of_a_sign_in_changes_no_credentials() {
    let (host, ada, _) = taken_over().await;
    let id = &ada.id;
    let steps = [
        &*format!("get-user|ada@example.org|{PASSWORD}"),
        &format!("change-password|{id}|{PASSWORD}|{NEW_PASSWORD}"),
        &format!("delete-account|{id}|{PASSWORD}"),
        &format!("get-account|{id}"),
    ];
    let saw = as_stranger(&host, &steps).await;
    assert_eq!((&*saw[1], &*saw[2]), (DENIED, DENIED));
    assert_eq!(field(&saw[3], "email").as_deref(), Some("ada@example.org"));
    // A session of theirs does.
    let change = [&*format!("change-password|{id}|{PASSWORD}|{NEW_PASSWORD}")];
    assert_eq!(as_user(&host, &ada.session.access, &change).await, [DONE]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_saw_in_one_message_is_gone_in_the_next() {
    let (host, _, _) = taken_over().await;
    let remembered = "Some(\"hunter2\")";
    let saw = as_stranger(&host, &["remember|hunter2", "recall"]).await;
    assert_eq!(saw, [remembered, remembered]);
    assert_eq!(as_stranger(&host, &["recall"]).await, ["None"]);
}
