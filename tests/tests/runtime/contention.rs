//! Many at once on the same data: nothing is lost, nobody is told no.

use serde_json::json;
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::nest::{level, nest};

on_every_backend! {
    a_hundred_increments_at_once_lose_nothing,
    a_hundred_increments_of_their_own_do_not_disturb_each_other,
    nested_increments_at_once_lose_nothing,
    writers_of_one_range_see_each_other,
}

async fn counter(backend: Backend) -> Harness {
    harness::on(backend)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .configure(|config| config.limits.wall_ms = 30_000)
        .start()
        .await
}

async fn a_hundred_increments_at_once_lose_nothing(backend: Backend) {
    let harness = counter(backend).await;
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let host = harness.host.clone();
            tokio::spawn(async move {
                host.call::<_, serde_json::Value>("counter", "increment", &json!({"key": "n"}))
                    .await
            })
        })
        .collect();
    let mut values = Vec::new();
    for task in tasks {
        values.push(task.await.unwrap().unwrap()["value"].as_u64().unwrap());
    }
    values.sort_unstable();
    assert_eq!(
        values,
        (1..=100).collect::<Vec<_>>(),
        "every one saw all before it"
    );
    assert_eq!(
        harness.ok("counter", "read", json!({"key": "n"})).await["value"],
        100
    );
}

async fn a_hundred_increments_of_their_own_do_not_disturb_each_other(backend: Backend) {
    let harness = counter(backend).await;
    let before = harness.store.status().conflicts;
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let host = harness.host.clone();
            tokio::spawn(async move {
                let request = json!({"key": format!("n/{number}")});
                host.call::<_, serde_json::Value>("counter", "increment", &request)
                    .await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap()["value"], 1);
    }
    assert_eq!(harness.store.status().conflicts, before);
}

async fn nested_increments_at_once_lose_nothing(backend: Backend) {
    let harness = nest(harness::on(backend))
        .configure(|config| config.limits.wall_ms = 30_000)
        .start()
        .await;
    let count = || json!({"increment": "n"});
    let levels = json!({"levels": [
        level([count(), json!("call")], "ok"),
        level([json!("call"), count()], "ok"),
        level([count()], "ok"),
    ]});
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (host, levels) = (harness.host.clone(), levels.clone());
            tokio::spawn(async move {
                host.call::<_, serde_json::Value>("outer", "run", &levels)
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    for channel in ["outer", "middle", "inner"] {
        assert_eq!(harness.entries(channel).await["n"], "30", "{channel}");
    }
}

/// Each puts its own name and lists all: were there phantoms, two could each miss the other.
async fn writers_of_one_range_see_each_other(backend: Backend) {
    let harness = nest(harness::on(backend))
        .configure(|config| config.limits.wall_ms = 30_000)
        .start()
        .await;
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let host = harness.host.clone();
            let steps = [
                super::nest::put(&format!("list/{number}"), ""),
                json!({"scan": "list/"}),
            ];
            let levels = json!({"levels": [level(steps, "ok")]});
            tokio::spawn(async move {
                host.call::<_, serde_json::Value>("outer", "run", &levels)
                    .await
            })
        })
        .collect();
    let mut lengths = Vec::new();
    for task in tasks {
        let reply = task.await.unwrap().unwrap();
        lengths.push(reply["seen"][0][1].as_str().unwrap().split(',').count());
    }
    lengths.sort_unstable();
    assert_eq!(lengths, (1..=20).collect::<Vec<_>>(), "one after the other");
}
