//! How often may be asked: by source, by person, and not at all for services.

use super::{
    ANN, Ask, MINUTE, OF_API_TOKENS, OF_SCOPES, OF_SESSIONS, PUBLIC, authorized, signed_in,
    with_ann,
};
use crate::error::{Error, Refused};
use crate::ports::Outcome;
use crate::testing::{SOMEWHERE, World, declared};

const ELSEWHERE: &str = "198.51.100.7";

/// Asks until the bucket is empty, and says what the first answer after that is.
fn exhaust(world: &World, bucket: &str, ask: Ask) -> Result<(), Error> {
    for _ in 0..declared(bucket).0 {
        let answer = world.ask(|service| ask(&service));
        assert!(!is_limited(&answer, bucket), "{bucket}: {answer:?}");
    }
    world.ask(|service| ask(&service))
}

/// Whether it is this bucket that refuses: those of addresses do not say a minute.
fn is_limited(answer: &Result<(), Error>, bucket: &str) -> bool {
    *answer == Err(Error::TooManyRequests(declared(bucket).1))
}

// C02, I02
#[test]
fn every_public_command_takes_from_a_bucket_of_its_source() {
    for (command, ask) in PUBLIC {
        let (world, _) = with_ann();
        let bucket = format!("source-{command}");
        let answer = exhaust(world.anybody(), &bucket, ask);
        assert!(is_limited(&answer, &bucket), "{command}: {answer:?}");
        // Nobody is asked any more.
        assert!(world.calls.borrow().is_empty());
        assert!(world.audited(command, Outcome::Denied, None));
        assert_eq!(world.reason().as_deref(), Some("too-many-requests"));
        for other in [Some(ELSEWHERE), None] {
            let answer = world.stranger(other).ask(|service| ask(&service));
            assert!(!is_limited(&answer, &bucket), "{command}");
        }
        world.pass(declared(&bucket).1);
        let answer = world.anybody().ask(|service| ask(&service));
        assert!(!is_limited(&answer, &bucket), "{command}");
    }
}

// C02
#[test]
fn who_has_no_address_shares_a_bucket_with_whoever_has_none() {
    for (command, ask) in PUBLIC {
        let (world, _) = with_ann();
        let bucket = format!("source-{command}");
        let answer = exhaust(world.stranger(None), &bucket, ask);
        assert!(is_limited(&answer, &bucket), "{command}: {answer:?}");
        let answer = world.anybody().ask(|service| ask(&service));
        assert!(!is_limited(&answer, &bucket), "{command}");
    }
}

#[test]
fn each_public_command_has_a_bucket_of_its_own() {
    let (world, _) = with_ann();
    for (command, ask) in PUBLIC {
        let answer = world.anybody().ask(|service| ask(&service));
        let bucket = format!("source-{command}");
        assert_eq!(world.taken.borrow().join(" "), bucket, "{answer:?}");
    }
}

#[test]
fn a_service_is_not_limited() {
    let (world, id) = with_ann();
    for (_, ask) in PUBLIC {
        let _ = world.service(None).ask(|service| ask(&service));
        assert!(world.taken.borrow().is_empty());
    }
    for (_, ask, _) in OF_SCOPES {
        let answer = world.service(Some(&id)).ask(|service| ask(&service));
        assert_eq!(answer, Ok(()));
        assert!(world.taken.borrow().is_empty());
    }
}

// C02
#[test]
fn a_session_is_limited_whatever_it_asks_and_no_other_one_by_it() {
    let (world, id) = with_ann();
    let (session, other) = (signed_in(&world, ANN), signed_in(&world, ANN));
    let (command, ask, _) = OF_SCOPES[0];
    let answer = exhaust(world.with(&session), "person", ask);
    assert!(is_limited(&answer, "person"));
    assert!(world.audited(command, Outcome::Denied, Some(&id)));
    let (_, authorize) = OF_API_TOKENS;
    for (command, ask) in OF_SESSIONS.into_iter().chain([OF_API_TOKENS]) {
        let answer = world.with(&session).ask(|service| ask(&service));
        assert!(is_limited(&answer, "person"), "{command}");
    }
    // C03: the owner can still end it.
    let (_, end) = OF_SESSIONS[2];
    let answer = world.with(&other).ask(|service| end(&service));
    assert_eq!(answer, Ok(()));
    let answer = world
        .with_api_token(&id, &[])
        .ask(|service| authorize(&service));
    assert_eq!(answer, Ok(()));
}

// C02
#[test]
fn api_tokens_of_one_person_are_limited_together_with_the_sessions_they_began() {
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    let begun = authorized(&world, &id, &["*"]);
    let (_, ask, _) = OF_SCOPES[0];
    for _ in 1..declared("person").0 {
        let answer = world.with(&begun).ask(|service| ask(&service));
        assert_eq!(answer, Ok(()));
    }
    let limited = |world: &World| is_limited(&world.ask(|service| ask(&service)), "person");
    assert!(limited(world.with(&begun)));
    assert!(limited(world.with_api_token(&id, &["profile:read"])));
    // C03: neither the person, nor anybody else.
    assert!(!limited(world.with(&session)));
    let other = world.state.borrow_mut().person("other@example.org");
    assert!(!limited(world.with_api_token(&other, &["*"])));
}

// C06
#[test]
fn a_flood_of_what_a_credential_does_not_open_does_not_fill_the_record() {
    let (world, id) = with_ann();
    let (command, ask) = OF_SESSIONS[0];
    world.with_api_token(&id, &[]);
    for _ in 0..2 * declared("person").0 {
        let answer = world.ask(|service| ask(&service));
        assert!(answer.is_err(), "{command}");
    }
    let recorded = u64::try_from(world.audit.borrow().len()).unwrap();
    assert_eq!(recorded, declared("person").0 + 1);
}

#[test]
fn sessions_of_api_tokens_are_limited_by_person() {
    let (world, id) = with_ann();
    let (command, ask) = OF_API_TOKENS;
    let bucket = "person-token-authorization";
    let answer = exhaust(world.with_api_token(&id, &[]), bucket, ask);
    assert!(is_limited(&answer, bucket));
    assert!(world.audited(command, Outcome::Denied, Some(&id)));
    let stored = u64::try_from(world.state.borrow().sessions.len()).unwrap();
    assert_eq!(stored, declared(bucket).0);
    // What else they ask is not limited by it.
    let (_, profile, _) = OF_SCOPES[1];
    let answer = world
        .with_api_token(&id, &["*"])
        .ask(|service| profile(&service));
    assert_eq!(answer, Ok(()));
}

// C06
#[test]
fn a_flood_is_recorded_once_a_minute_and_does_not_fill_the_record() {
    let (world, _) = with_ann();
    let (_, ask) = PUBLIC[0];
    let flood = |address| {
        let world = world.stranger(Some(address));
        for _ in 0..1_000 {
            let _ = world.ask(|service| ask(&service));
        }
        let audit = world.audit.borrow();
        let limited = audit.iter().filter(|record| {
            let bucket = ("bucket".to_owned(), "source-sign-up".to_owned());
            record.detail.contains(&bucket)
        });
        limited.count()
    };
    assert_eq!(flood(SOMEWHERE), 1);
    assert_eq!(flood(SOMEWHERE), 1);
    assert_eq!(flood(ELSEWHERE), 2);
    world.pass(MINUTE);
    assert_eq!(flood(SOMEWHERE), 3);
}

// C06
#[test]
fn a_flood_that_another_channel_refuses_is_recorded_once_a_minute() {
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    let recorded = |command| {
        let audit = world.audit.borrow();
        let about = audit.iter().filter(|record| {
            let reason = ("reason".to_owned(), "too-many-requests".to_owned());
            record.action == command && record.detail.contains(&reason)
        });
        about.count()
    };
    let (sign_in, change) = (PUBLIC[1], OF_SESSIONS[0]);
    let flood = |(command, ask): (&str, Ask)| {
        let theirs = match command {
            "sign-in" => "authorization/get-user",
            _ => "authorization/change-password",
        };
        world.break_down(theirs, Refused::TooManyRequests(7));
        for _ in 0..20 {
            let answer = world.ask(|service| ask(&service));
            assert_eq!(answer, Err(Error::TooManyRequests(7)));
        }
    };
    for minute in 1..3 {
        world.stranger(Some(SOMEWHERE));
        flood(sign_in);
        world.stranger(Some(ELSEWHERE));
        flood(sign_in);
        assert_eq!(recorded(sign_in.0), 2 * minute);
        world.with(&session);
        flood(change);
        assert_eq!(recorded(change.0), minute);
        assert!(world.audited(change.0, Outcome::Denied, Some(&id)));
        world.pass(MINUTE);
    }
}

#[test]
fn the_buckets_that_are_declared_are_those_that_are_used() {
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../../manifest.json")).unwrap();
    let declared: Vec<_> = manifest["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket["name"].as_str().unwrap().to_owned())
        .collect();
    let mut used: Vec<_> = PUBLIC
        .iter()
        .map(|(command, _)| format!("source-{command}"))
        .collect();
    used.extend(["person", "person-token-authorization", "refusals"].map(str::to_owned));
    assert_eq!(declared, used);
}
