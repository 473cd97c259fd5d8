use super::{ANN, BOB, MINUTE, signed_in, with_ann};
use crate::ports::Session;
use crate::service::SessionInfo;
use crate::testing::{START, World};

/// Two people with two sessions each, a minute apart.
fn crowd() -> (World, [Session; 4]) {
    let (world, _) = with_ann();
    world.state.borrow_mut().person(BOB);
    let sessions = [ANN, BOB, ANN, BOB].map(|email| {
        let session = signed_in(&world, email);
        world.pass(MINUTE);
        session
    });
    (world, sessions)
}

fn listed(world: &World, session: &Session) -> Vec<SessionInfo> {
    world
        .with(session)
        .ask(|service| service.list_sessions())
        .unwrap()
}

fn live(world: &World, sessions: &[Session; 4]) -> [bool; 4] {
    [0, 1, 2, 3].map(|at| world.verified(&sessions[at].access_token).is_some())
}

#[test]
fn ones_own_sessions_are_listed_oldest_first_and_this_one_is_told_apart() {
    let (world, sessions) = crowd();
    let own = listed(&world, &sessions[2]);
    let told: Vec<_> = own
        .iter()
        .map(|info| (info.session.session_id.as_str(), info.current))
        .collect();
    let [first, _, second, _] = &sessions;
    assert_eq!(
        told,
        [(&*first.session_id, false), (&*second.session_id, true)]
    );
    assert_eq!(own[0].session.created_at, START);
    assert_eq!(own[0].session.refreshed_at, START);
}

#[test]
fn a_service_sees_the_sessions_of_whom_it_acts_for_and_none_is_current() {
    let (world, _) = crowd();
    let ann = world.state.borrow().find(ANN).unwrap();
    let own = world
        .service(Some(&ann))
        .ask(|service| service.list_sessions())
        .unwrap();
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|info| !info.current));
}

// H05
#[test]
fn one_of_ones_sessions_is_ended() {
    let (world, sessions) = crowd();
    world.with(&sessions[2]);
    let id = &sessions[0].session_id;
    for _ in 0..2 {
        assert_eq!(world.ask(|service| service.end_session(id)), Ok(()));
    }
    assert_eq!(live(&world, &sessions), [false, true, true, true]);
}

// H03
#[test]
fn anothers_session_and_nonsense_are_left_alone_with_the_same_answer() {
    let (world, sessions) = crowd();
    world.with(&sessions[0]);
    let long = "x".repeat(100_000);
    for id in [&*sessions[1].session_id, "", "nonsense", &long] {
        assert_eq!(world.ask(|service| service.end_session(id)), Ok(()));
    }
    assert_eq!(live(&world, &sessions), [true; 4]);
}

// H05
#[test]
fn all_of_ones_sessions_end_and_nobody_elses() {
    let (world, sessions) = crowd();
    let ended = world
        .with(&sessions[0])
        .ask(|service| service.end_all_sessions());
    assert_eq!(ended, Ok(()));
    assert_eq!(live(&world, &sessions), [false, true, false, true]);
}
