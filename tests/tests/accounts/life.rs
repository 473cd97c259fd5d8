//! From the sign-up to the deleted account.

use serde_json::json;
use vestibule::clock::Clock as _;

use crate::world::{
    NEW_PASSWORD, PASSWORD, Session, installation, mailed_token, ok, operator, refused, sign_in,
    signed_in, stranger, user, verified,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_up_verifies_and_signs_in() {
    let host = installation().await;
    // B01: the token is in the mail and in no answer.
    let request = json!({"email": "Ada@Example.org", "password": PASSWORD, "first_name": "Ada", "last_name": "King"});
    assert_eq!(
        ok(stranger(&host, 1, "sign-up", request).await),
        json!(null)
    );
    let session = Session::of(&ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await));
    let is_verified = user(
        &host,
        &session.access,
        "accounts",
        "is-email-verified",
        json!({}),
    )
    .await;
    assert_eq!(ok(is_verified), json!({"verified": false}));

    let token = mailed_token(&host, "ada@example.org", "verify-email")
        .await
        .unwrap();
    // B02, B03: once, but for a second click within ten minutes.
    ok(stranger(&host, 1, "verify-email", json!({"token": token})).await);
    ok(stranger(&host, 1, "verify-email", json!({"token": token})).await);
    host.clock.advance(11 * 60 * 1_000);
    refused(
        stranger(&host, 1, "verify-email", json!({"token": token})).await,
        "not-found",
    );

    let session = Session::of(&ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await));
    let profile = ok(user(&host, &session.access, "accounts", "profile", json!({})).await);
    assert_eq!(profile["email"], "Ada@Example.org");
    assert_eq!(profile["is_email_verified"], true);
    assert_eq!(
        (&profile["first_name"], &profile["last_name"]),
        (&json!("Ada"), &json!("King"))
    );

    let changed = user(
        &host,
        &session.access,
        "accounts",
        "update-profile",
        json!({"last_name": "Lovelace"}),
    )
    .await;
    assert_eq!(ok(changed)["last_name"], "Lovelace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_stays_unverified_is_told_so_by_the_right_password_only() {
    let host = installation().await;
    let request = json!({"email": "ada@example.org", "password": PASSWORD});
    ok(stranger(&host, 1, "sign-up", request).await);
    host.clock.advance(49 * 60 * 60 * 1_000);
    refused(
        sign_in(&host, 1, "ada@example.org", PASSWORD).await,
        "access-denied",
    );
    refused(
        sign_in(&host, 1, "ada@example.org", NEW_PASSWORD).await,
        "unauthenticated",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_refreshed_and_ended() {
    let host = installation().await;
    let first = signed_in(&host, 1, "ada@example.org").await;
    let request = json!({"refresh_token": first.refresh});
    let second = Session::of(&ok(
        stranger(&host, 1, "refresh-session", request.clone()).await
    ));
    assert_ne!(first.refresh, second.refresh);
    let sessions = ok(user(
        &host,
        &second.access,
        "accounts",
        "list-sessions",
        json!({}),
    )
    .await);
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["sessions"][0]["current"], true);

    ok(stranger(
        &host,
        1,
        "sign-out",
        json!({"refresh_token": second.refresh}),
    )
    .await);
    // H02: its access tokens end with it.
    refused(
        user(&host, &second.access, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    refused(
        stranger(
            &host,
            1,
            "refresh-session",
            json!({"refresh_token": second.refresh}),
        )
        .await,
        "unauthenticated",
    );
    // H01: nonsense is ok.
    ok(stranger(&host, 1, "sign-out", json!({"refresh_token": "nonsense"})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_refresh_token_ends_the_session_through_accounts_too() {
    let host = installation().await;
    let first = signed_in(&host, 1, "ada@example.org").await;
    let request = json!({"refresh_token": first.refresh});
    let second = Session::of(&ok(
        stranger(&host, 1, "refresh-session", request.clone()).await
    ));
    host.clock.advance(31_000);
    // E02
    refused(
        stranger(&host, 1, "refresh-session", request).await,
        "unauthenticated",
    );
    refused(
        user(&host, &second.access, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    assert!(
        host.audit()
            .await
            .iter()
            .any(|record| record["action"] == "token-reuse")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_ends_the_other_sessions_and_is_told_by_mail() {
    let host = installation().await;
    let here = signed_in(&host, 1, "ada@example.org").await;
    let there = Session::of(&ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await));
    let change = |current: &str, new: &str| json!({"current": current, "new": new});
    let wrong = user(
        &host,
        &here.access,
        "accounts",
        "change-password",
        change("not it at all", NEW_PASSWORD),
    )
    .await;
    assert_eq!(
        refused(wrong, "validation-failed").violations[0].path,
        "current"
    );
    // A05
    let common = user(
        &host,
        &here.access,
        "accounts",
        "change-password",
        change(PASSWORD, "password123"),
    )
    .await;
    assert_eq!(
        refused(common, "validation-failed").violations[0].path,
        "new"
    );
    ok(user(
        &host,
        &here.access,
        "accounts",
        "change-password",
        change(PASSWORD, NEW_PASSWORD),
    )
    .await);

    ok(user(&host, &here.access, "accounts", "profile", json!({})).await);
    refused(
        user(&host, &there.access, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    refused(
        sign_in(&host, 1, "ada@example.org", PASSWORD).await,
        "unauthenticated",
    );
    ok(sign_in(&host, 1, "ada@example.org", NEW_PASSWORD).await);
    let mails = host.mails().await;
    assert!(mails.iter().any(|mail| mail.subject.contains("password")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_reset_by_mail_once() {
    let host = installation().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    ok(stranger(
        &host,
        1,
        "reset-password",
        json!({"email": "ada@example.org"}),
    )
    .await);
    let code = mailed_token(&host, "ada@example.org", "new-password")
        .await
        .unwrap();
    let new = |password: &str| json!({"code": code, "password": password});
    // I05
    refused(
        stranger(&host, 1, "new-password", new("short")).await,
        "validation-failed",
    );
    ok(stranger(&host, 1, "new-password", new(NEW_PASSWORD)).await);
    // I03, I06: single use, and every session is over.
    refused(
        stranger(&host, 1, "new-password", new(PASSWORD)).await,
        "not-found",
    );
    refused(
        user(&host, &session.access, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    refused(
        stranger(
            &host,
            1,
            "refresh-session",
            json!({"refresh_token": session.refresh}),
        )
        .await,
        "unauthenticated",
    );
    refused(
        sign_in(&host, 1, "ada@example.org", PASSWORD).await,
        "unauthenticated",
    );
    ok(sign_in(&host, 1, "ada@example.org", NEW_PASSWORD).await);
}

// I06: whoever was in the account keeps no way in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_ends_the_api_tokens_that_were_made_before() {
    let host = installation().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let expires_at = host.clock.now() + 60 * 60 * 1_000;
    let create = json!({"metadata": {"name": "ci", "expires_at": expires_at}, "permissions": {"scopes": ["profile:read"]}});
    let made = user(
        &host,
        &session.access,
        "api-tokens",
        "create",
        create.clone(),
    )
    .await;
    let old = ok(made)["value"].as_str().unwrap().to_owned();
    ok(user(&host, &old, "accounts", "profile", json!({})).await);
    let begun = ok(user(&host, &old, "accounts", "token-authorization", json!({})).await);

    let request = json!({"email": "ada@example.org"});
    ok(stranger(&host, 1, "reset-password", request).await);
    let code = mailed_token(&host, "ada@example.org", "new-password")
        .await
        .unwrap();
    let request = json!({"code": code, "password": NEW_PASSWORD});
    ok(stranger(&host, 1, "new-password", request).await);
    let access = begun["access_token"].as_str().unwrap();
    for credential in [old.as_str(), access] {
        let answer = user(&host, credential, "accounts", "profile", json!({})).await;
        refused(answer, "unauthenticated");
    }

    let again = Session::of(&ok(sign_in(&host, 1, "ada@example.org", NEW_PASSWORD).await));
    let made = user(&host, &again.access, "api-tokens", "create", create).await;
    let new = ok(made)["value"].as_str().unwrap().to_owned();
    ok(user(&host, &new, "accounts", "profile", json!({})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_an_unverified_address_is_over_when_it_should_have_been_verified() {
    let host = installation().await;
    let request = json!({"email": "ada@example.org", "password": PASSWORD});
    ok(stranger(&host, 1, "sign-up", request).await);
    let session = Session::of(&ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await));
    host.clock.advance(47 * 60 * 60 * 1_000);
    let refresh = |token: &str| json!({"refresh_token": token});
    let request = refresh(&session.refresh);
    let session = Session::of(&ok(stranger(&host, 1, "refresh-session", request).await));
    host.clock.advance(60 * 60 * 1_000);
    let request = refresh(&session.refresh);
    refused(
        stranger(&host, 1, "refresh-session", request).await,
        "unauthenticated",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_token_stands_for_its_owner_within_its_scopes() {
    let host = installation().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let expires_at = host.clock.now() + 60 * 60 * 1_000;
    let create = |scopes: serde_json::Value| json!({"metadata": {"name": "ci", "expires_at": expires_at}, "permissions": {"scopes": scopes}});
    let made = ok(user(
        &host,
        &session.access,
        "api-tokens",
        "create",
        create(json!(["profile:read"])),
    )
    .await);
    let value = made["value"].as_str().unwrap().to_owned();
    ok(user(&host, &value, "accounts", "profile", json!({})).await);
    refused(
        user(
            &host,
            &value,
            "accounts",
            "update-profile",
            json!({"last_name": "Eve"}),
        )
        .await,
        "access-denied",
    );
    // L05
    refused(
        user(&host, &value, "api-tokens", "create", create(json!([]))).await,
        "access-denied",
    );
    let change = json!({"current": PASSWORD, "new": NEW_PASSWORD});
    refused(
        user(&host, &value, "accounts", "change-password", change).await,
        "access-denied",
    );

    let short = ok(user(&host, &value, "accounts", "token-authorization", json!({})).await);
    assert!(
        short
            .get("refresh_token")
            .is_none_or(serde_json::Value::is_null)
    );
    let access = short["access_token"].as_str().unwrap().to_owned();
    ok(user(&host, &access, "accounts", "profile", json!({})).await);
    refused(
        user(
            &host,
            &access,
            "accounts",
            "update-profile",
            json!({"last_name": "Eve"}),
        )
        .await,
        "access-denied",
    );

    // L06
    let uuid = json!({"uuid": made["uuid"]});
    let next = ok(user(
        &host,
        &session.access,
        "api-tokens",
        "regenerate",
        uuid.clone(),
    )
    .await);
    refused(
        user(&host, &value, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    let next = next["value"].as_str().unwrap().to_owned();
    ok(user(&host, &next, "accounts", "profile", json!({})).await);
    ok(user(
        &host,
        &session.access,
        "api-tokens",
        "force-expiration",
        uuid,
    )
    .await);
    refused(
        user(&host, &next, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_is_shut_out_at_once() {
    let host = installation().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let found = ok(operator(
        &host,
        "authorization",
        "find-account",
        json!({"email": "ada@example.org"}),
    )
    .await);
    let id = found["account"]["id"].as_str().unwrap().to_owned();
    let disable = json!({"id": id, "disabled": true});
    let by_service = host
        .send("authorization", "set-disabled", disable.clone())
        .await;
    refused(by_service, "access-denied");
    ok(operator(&host, "authorization", "set-disabled", disable).await);
    // E07
    refused(
        user(&host, &session.access, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    refused(
        stranger(
            &host,
            1,
            "refresh-session",
            json!({"refresh_token": session.refresh}),
        )
        .await,
        "unauthenticated",
    );
    refused(
        sign_in(&host, 1, "ada@example.org", PASSWORD).await,
        "unauthenticated",
    );
    ok(operator(
        &host,
        "authorization",
        "set-disabled",
        json!({"id": id, "disabled": false}),
    )
    .await);
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_leaves_nothing_that_opens() {
    let host = installation().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let wrong = user(
        &host,
        &session.access,
        "accounts",
        "delete-account",
        json!({"password": NEW_PASSWORD}),
    )
    .await;
    refused(wrong, "validation-failed");
    ok(user(
        &host,
        &session.access,
        "accounts",
        "delete-account",
        json!({"password": PASSWORD}),
    )
    .await);
    refused(
        user(&host, &session.access, "accounts", "profile", json!({})).await,
        "unauthenticated",
    );
    refused(
        sign_in(&host, 1, "ada@example.org", PASSWORD).await,
        "unauthenticated",
    );
    assert_eq!(host.entries("users").await.len(), 0, "the profile is gone");
    // The address is free again.
    verified(&host, 1, "ada@example.org").await;
}
