//! Rotation, with everybody at once.

use vestibule::error::Code;

use crate::pair::{MANY, at_once, host, is_valid, issue, refresh};

/// After the grace, in milliseconds.
const PAST_THE_GRACE: u64 = 30_001;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_family_rotates_and_its_old_token_stops_after_the_grace() {
    // E01
    let host = host().await;
    let rotated = at_once(MANY, |n| {
        let host = host.clone();
        async move {
            let old = issue(&host, &format!("user-{n}")).await;
            let new = refresh(&host, &old.refresh).await.unwrap();
            (old, new)
        }
    })
    .await;
    host.clock.advance(PAST_THE_GRACE);
    for (old, new) in &rotated {
        assert_ne!(old.refresh, new.refresh);
        assert_eq!(
            refresh(&host, &old.refresh).await.unwrap_err().code,
            Code::Unauthenticated
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_refreshes_of_one_token_leave_one_live_leaf_and_nobody_stranded() {
    // E03
    let host = host().await;
    let first = issue(&host, "user").await;
    let pairs = at_once(MANY, |_| {
        let (host, token) = (host.clone(), first.refresh.clone());
        async move { refresh(&host, &token).await.unwrap() }
    })
    .await;
    let leaf = &pairs[0].refresh;
    assert!(
        pairs
            .iter()
            .all(|pair| pair.refresh == *leaf && pair.refresh != first.refresh)
    );
    for pair in &pairs {
        assert!(is_valid(&host, &pair.access).await);
    }
    host.clock.advance(PAST_THE_GRACE);
    let next = refresh(&host, leaf).await.unwrap();
    assert_ne!(next.refresh, *leaf);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_can_be_asked_for_again_by_many() {
    // E04
    let host = host().await;
    let first = issue(&host, "user").await;
    let lost = refresh(&host, &first.refresh).await.unwrap();
    host.clock.advance(PAST_THE_GRACE - 2);
    let again = at_once(MANY, |_| {
        let (host, token) = (host.clone(), first.refresh.clone());
        async move { refresh(&host, &token).await.unwrap() }
    })
    .await;
    for pair in &again {
        assert_eq!(pair.refresh, lost.refresh);
        assert!(is_valid(&host, &pair.access).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_replays_end_the_family_once_and_for_all() {
    // E02
    let host = host().await;
    let first = issue(&host, "user").await;
    let second = refresh(&host, &first.refresh).await.unwrap();
    host.clock.advance(PAST_THE_GRACE);
    let codes = at_once(MANY, |_| {
        let (host, token) = (host.clone(), first.refresh.clone());
        async move { refresh(&host, &token).await.unwrap_err().code }
    })
    .await;
    assert!(
        codes.iter().all(|code| *code == Code::Unauthenticated),
        "{codes:?}"
    );
    assert_eq!(
        refresh(&host, &second.refresh).await.unwrap_err().code,
        Code::Unauthenticated
    );
    assert!(!is_valid(&host, &first.access).await);
    assert!(!is_valid(&host, &second.access).await);
    let reused = host.events().await;
    assert_eq!(reused.len(), 1, "one end, one event");
    assert_eq!(reused[0].name, "token-family-reused");
    let audit = host.audit().await;
    assert!(
        audit
            .iter()
            .any(|record| record["action"] == "token-reuse" && record["outcome"] == "denied")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grandparent_is_a_replay_however_many_present_it() {
    // E08
    let host = host().await;
    let first = issue(&host, "user").await;
    let second = refresh(&host, &first.refresh).await.unwrap();
    let third = refresh(&host, &second.refresh).await.unwrap();
    let codes = at_once(MANY, |_| {
        let (host, token) = (host.clone(), first.refresh.clone());
        async move { refresh(&host, &token).await.unwrap_err().code }
    })
    .await;
    assert!(
        codes.iter().all(|code| *code == Code::Unauthenticated),
        "{codes:?}"
    );
    assert!(!is_valid(&host, &third.access).await);
    assert_eq!(host.events().await.len(), 1);
}
