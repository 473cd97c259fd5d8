//! Ending families while others use them.

use serde_json::json;
use vestibule::error::Code;

use crate::pair::{MANY, Pair, at_once, blacklist, host, is_valid, issue, refresh};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_revocation_nothing_minted_from_the_family_is_accepted() {
    // E05
    let host = host().await;
    let minted = at_once(MANY, |n| {
        let host = host.clone();
        async move {
            let pair = issue(&host, &format!("user-{n}")).await;
            let racing = tokio::spawn({
                let (host, token) = (host.clone(), pair.refresh.clone());
                async move { refresh(&host, &token).await.ok() }
            });
            blacklist(&host, &pair).await;
            (pair, racing.await.unwrap())
        }
    })
    .await;
    for (pair, minted) in minted {
        assert!(!is_valid(&host, &pair.access).await);
        if let Some(minted) = minted {
            assert!(!is_valid(&host, &minted.access).await);
            assert_eq!(
                refresh(&host, &minted.refresh).await.unwrap_err().code,
                Code::Unauthenticated
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_revoked_without_a_trace() {
    // H01
    let host = host().await;
    let pair = issue(&host, "user").await;
    let before = host
        .records(&vestibule::store::Namespace::channel("default", "token"))
        .await;
    at_once(MANY, |n| {
        let host = host.clone();
        let nonsense = Pair {
            access: format!("a.b.{n}"),
            refresh: "x".repeat(n),
        };
        async move { blacklist(&host, &nonsense).await }
    })
    .await;
    let after = host
        .records(&vestibule::store::Namespace::channel("default", "token"))
        .await;
    assert_eq!(before, after);
    assert!(is_valid(&host, &pair.access).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_that_many_end_at_once_is_ended_with_all_its_access_tokens() {
    // H02
    let host = host().await;
    let first = issue(&host, "user").await;
    let others = at_once(8, |_| {
        let (host, token) = (host.clone(), first.refresh.clone());
        async move { refresh(&host, &token).await.unwrap() }
    })
    .await;
    at_once(MANY, |_| {
        let (host, pair) = (host.clone(), first.clone());
        async move { blacklist(&host, &pair).await }
    })
    .await;
    assert!(!is_valid(&host, &first.access).await);
    for pair in &others {
        assert!(!is_valid(&host, &pair.access).await);
        assert_eq!(
            refresh(&host, &pair.refresh).await.unwrap_err().code,
            Code::Unauthenticated
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_everywhere_ends_what_begins_meanwhile_or_it_begins_after() {
    // H05, E07
    let host = host().await;
    let started = at_once(MANY, |_| {
        let host = host.clone();
        async move { issue(&host, "user").await }
    });
    let revoked = host.ok("token", "revoke-subject", json!({"id": "user"}));
    let (pairs, _) = tokio::join!(started, revoked);
    let listed = host
        .ok("token", "list-sessions", json!({"id": "user"}))
        .await;
    let mut valid = 0;
    for pair in &pairs {
        valid += usize::from(is_valid(&host, &pair.access).await);
    }
    assert_eq!(
        listed["sessions"].as_array().unwrap().len(),
        valid,
        "what is listed is what lives"
    );
    host.ok("token", "revoke-subject", json!({"id": "user"}))
        .await;
    for pair in &pairs {
        assert!(!is_valid(&host, &pair.access).await);
        assert_eq!(
            refresh(&host, &pair.refresh).await.unwrap_err().code,
            Code::Unauthenticated
        );
    }
}
