//! Calls between components: frames of one transaction, one principal, one deadline.

use serde_json::json;
use vestibule::sandbox::Fault;
use vestibule_tests::harness::{self, Harness, fault};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::nest::{get, level, nest, put, refusal, run, seen};

on_every_backend! {
    three_levels_commit_together,
    every_channel_has_its_own_entries,
    an_error_discards_its_own_frame_only,
    an_error_discards_the_frames_below_it,
    a_second_call_sees_what_the_first_wrote_and_not_what_failed,
    a_trap_below_ends_the_message,
    what_a_callee_kept_survives_every_caller,
    keeping_never_carries_a_callers_writes,
    keeping_carries_what_a_callee_has_merged,
    the_caller_and_the_principal_are_known_below_and_above,
    a_second_subject_below_is_refused,
    who_a_failed_callee_established_is_forgotten,
    the_depth_of_calls_is_bounded,
}

async fn start(backend: Backend) -> Harness {
    nest(harness::on(backend)).start().await
}

async fn keys(harness: &Harness, channel: &str) -> String {
    harness
        .entries(channel)
        .await
        .into_keys()
        .collect::<Vec<_>>()
        .join(",")
}

/// The keys of `outer`, `middle` and `inner`.
async fn all_keys(harness: &Harness) -> [String; 3] {
    [
        keys(harness, "outer").await,
        keys(harness, "middle").await,
        keys(harness, "inner").await,
    ]
}

async fn three_levels_commit_together(backend: Backend) {
    let harness = start(backend).await;
    let saw = seen(
        &harness,
        [
            level([put("o", "1"), json!("call")], "ok"),
            level([put("m", "2"), json!("call")], "ok"),
            level([put("i", "3"), get("i")], "ok"),
        ],
    )
    .await;
    assert_eq!(saw, [vec!["-", "ok"], vec!["-", "ok"], vec!["-", "3"]]);
    assert_eq!(all_keys(&harness).await, ["o", "m", "i"]);
}

async fn every_channel_has_its_own_entries(backend: Backend) {
    let harness = start(backend).await;
    let saw = seen(
        &harness,
        [
            level([put("key", "outer"), json!("call"), get("key")], "ok"),
            level(
                [get("key"), put("key", "middle"), json!("call"), get("key")],
                "ok",
            ),
            level([get("key"), json!({"scan": ""}), put("key", "inner")], "ok"),
        ],
    )
    .await;
    assert_eq!(
        saw,
        [
            vec!["-", "ok", "outer"],
            vec!["none", "-", "ok", "middle"],
            vec!["none", "", "-"]
        ]
    );
}

async fn an_error_discards_its_own_frame_only(backend: Backend) {
    let harness = start(backend).await;
    let saw = seen(
        &harness,
        [
            level([put("before", "1"), json!("call"), put("after", "1")], "ok"),
            level(
                [
                    put("m", "2"),
                    json!({"mail": "ann@example.com"}),
                    json!({"event": "happened"}),
                ],
                "fail",
            ),
        ],
    )
    .await;
    assert_eq!(saw, [["-", "error", "-"]]);
    assert_eq!(all_keys(&harness).await, ["after,before", "", ""]);
    assert_eq!(
        (harness.mails().await.len(), harness.events().await.len()),
        (0, 0)
    );
}

async fn an_error_discards_the_frames_below_it(backend: Backend) {
    let harness = start(backend).await;
    seen(
        &harness,
        [
            level([put("o", "1"), json!("call")], "ok"),
            level([put("m", "2"), json!("call")], "fail"),
            level([put("i", "3")], "ok"),
        ],
    )
    .await;
    assert_eq!(all_keys(&harness).await, ["o", "", ""]);

    assert_eq!(
        refusal(
            &harness,
            [
                level([put("p", "1"), json!("try-call")], "ok"),
                level([put("m", "2"), json!("call")], "fail"),
                level([put("i", "3")], "ok"),
            ]
        )
        .await,
        "below"
    );
    assert_eq!(
        all_keys(&harness).await,
        ["o", "", ""],
        "an error that is handed on discards all"
    );
}

async fn a_second_call_sees_what_the_first_wrote_and_not_what_failed(backend: Backend) {
    let harness = start(backend).await;
    let count = || json!({"increment": "n"});
    let saw = seen(
        &harness,
        [
            level([json!("call"), json!("call")], "ok"),
            level([count()], "ok"),
        ],
    )
    .await;
    assert_eq!(saw, [vec!["ok", "ok"], vec!["1"], vec!["2"]]);
    let saw = seen(
        &harness,
        [
            level([json!("call"), json!("call")], "ok"),
            level([count()], "fail"),
        ],
    )
    .await;
    assert_eq!(saw, [["error", "error"]]);
    assert_eq!(harness.entries("middle").await["n"], "2");
}

async fn a_trap_below_ends_the_message(backend: Backend) {
    let harness = start(backend).await;
    let failure = run(
        &harness,
        [
            level([put("o", "1"), json!("call"), put("after", "1")], "ok"),
            level([put("m", "2"), json!("call")], "ok"),
            level([put("i", "3")], "trap"),
        ],
    )
    .await
    .unwrap_err();
    assert_eq!(
        (failure.code.as_str(), fault(&failure)),
        ("unknown", Some(Fault::Trap))
    );
    assert_eq!(
        all_keys(&harness).await,
        ["", "", ""],
        "nobody can go on after a trap"
    );
}

async fn what_a_callee_kept_survives_every_caller(backend: Backend) {
    for (end, code) in [("fail", "refused"), ("trap", "unknown")] {
        let harness = start(backend).await;
        let levels = [
            level(
                [
                    put("o", "1"),
                    json!({"mail": "outer@example.com"}),
                    json!("call"),
                ],
                end,
            ),
            level([put("m", "2"), json!("call")], "fail"),
            level(
                [
                    put("i", "3"),
                    json!({"mail": "inner@example.com"}),
                    json!({"event": "kept"}),
                    json!("keep"),
                ],
                "fail",
            ),
        ];
        assert_eq!(refusal(&harness, levels).await, code);
        assert_eq!(all_keys(&harness).await, ["", "", "i"]);
        let mails: Vec<String> = harness
            .mails()
            .await
            .into_iter()
            .map(|mail| mail.to)
            .collect();
        assert_eq!(mails, ["inner@example.com"]);
        assert_eq!(harness.events().await.len(), 1);
    }
}

async fn keeping_never_carries_a_callers_writes(backend: Backend) {
    let harness = start(backend).await;
    let levels = [
        level([put("o", "1"), json!("call")], "fail"),
        level([put("m", "2"), json!("keep"), put("later", "2")], "ok"),
    ];
    assert_eq!(refusal(&harness, levels).await, "refused");
    assert_eq!(all_keys(&harness).await, ["", "m", ""]);
}

async fn keeping_carries_what_a_callee_has_merged(backend: Backend) {
    let harness = start(backend).await;
    let levels = [
        level(
            [
                json!("call"),
                put("o", "1"),
                json!("keep"),
                put("later", "1"),
            ],
            "fail",
        ),
        level([put("m", "2")], "ok"),
    ];
    assert_eq!(refusal(&harness, levels).await, "refused");
    assert_eq!(
        all_keys(&harness).await,
        ["o", "m", ""],
        "a callee's answer was ok: what it wrote is the caller's by now"
    );
}

async fn the_caller_and_the_principal_are_known_below_and_above(backend: Backend) {
    let harness = start(backend).await;
    let who = || json!("who");
    let saw = seen(
        &harness,
        [
            level([who(), json!("call"), who()], "ok"),
            level([who(), json!("call"), who()], "ok"),
            level([json!({"establish": "ann"}), who()], "ok"),
        ],
    )
    .await;
    assert_eq!(
        saw,
        [
            vec!["- -", "ok", "- ann"],
            vec!["outer -", "ok", "outer ann"],
            vec!["true", "middle ann"]
        ]
    );
}

async fn a_second_subject_below_is_refused(backend: Backend) {
    let harness = start(backend).await;
    let saw = seen(
        &harness,
        [
            level(
                [json!({"establish": "ann"}), json!("call"), json!("who")],
                "ok",
            ),
            level(
                [
                    json!({"establish": "bob"}),
                    json!({"establish": "ann"}),
                    json!("who"),
                ],
                "ok",
            ),
        ],
    )
    .await;
    assert_eq!(
        saw,
        [
            vec!["true", "ok", "- ann"],
            vec!["false", "true", "outer ann"]
        ]
    );
}

async fn who_a_failed_callee_established_is_forgotten(backend: Backend) {
    let harness = start(backend).await;
    let saw = seen(
        &harness,
        [
            level(
                [json!("call"), json!("who"), json!({"establish": "bob"})],
                "ok",
            ),
            level([json!("call"), json!("who")], "fail"),
            level([json!({"establish": "ann"})], "ok"),
        ],
    )
    .await;
    assert_eq!(saw, [["error", "- -", "true"]]);

    let saw = seen(
        &harness,
        [
            level(
                [json!({"establish": "ann"}), json!("call"), json!("who")],
                "ok",
            ),
            level([json!({"establish": "ann"})], "fail"),
        ],
    )
    .await;
    assert_eq!(
        saw,
        [["true", "error", "- ann"]],
        "what was known before stays"
    );
}

async fn the_depth_of_calls_is_bounded(backend: Backend) {
    let three = || {
        [
            level([put("o", "1"), json!("call")], "ok"),
            level([json!("call")], "ok"),
            level([], "ok"),
        ]
    };
    let deep = nest(harness::on(backend))
        .configure(|config| config.limits.depth = 3)
        .start()
        .await;
    run(&deep, three()).await.unwrap();
    let shallow = nest(harness::on(backend))
        .configure(|config| config.limits.depth = 2)
        .start()
        .await;
    let failure = run(&shallow, three()).await.unwrap_err();
    assert_eq!(fault(&failure), Some(Fault::Depth));
    assert_eq!(keys(&shallow, "outer").await, "");
    run(&shallow, [level([json!("call")], "ok"), level([], "ok")])
        .await
        .unwrap();
}
