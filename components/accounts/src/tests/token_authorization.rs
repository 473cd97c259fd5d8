use super::{ANN, MINUTE, OF_API_TOKENS, authorized, signed_in, with_ann};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::START;

#[test]
fn an_api_token_begins_a_session_that_cannot_be_refreshed() {
    let (world, id) = with_ann();
    let session = authorized(&world, &id, &["profile:read"]);
    assert_eq!(
        (&session.refresh_token, session.refresh_expires_at),
        (&None, None)
    );
    assert_eq!(session.access_expires_at, START + 10 * MINUTE);
    assert!(world.audited("token-authorization", Outcome::Success, Some(&id)));
    let principal = world.verified(&session.access_token).unwrap();
    assert_eq!(principal.scopes, Some(vec!["profile:read".to_owned()]));
}

#[test]
fn scopes_are_not_asked_for() {
    let (world, id) = with_ann();
    let session = authorized(&world, &id, &[]);
    let principal = world.verified(&session.access_token).unwrap();
    assert_eq!(principal.scopes, Some(Vec::new()));
}

// L05
#[test]
fn any_other_credential_is_denied() {
    let (world, id) = with_ann();
    let (_, ask) = OF_API_TOKENS;
    let session = signed_in(&world, ANN);
    let limited = authorized(&world, &id, &["*"]);
    let sessions = world.state.borrow().sessions.len();
    for come in [0, 1, 2, 3, 4] {
        let subject = match come {
            0 => world.with(&session),
            1 => world.with(&limited),
            2 => world.service(Some(&id)),
            3 => world.service(None),
            _ => world.anybody(),
        };
        let denied = subject.ask(|service| ask(&service));
        assert_eq!(denied, Err(Error::AccessDenied), "{come}");
        let known = (come < 3).then_some(&*id);
        assert!(world.audited("token-authorization", Outcome::Denied, known));
        assert!(world.calls.borrow().is_empty());
    }
    assert_eq!(world.state.borrow().sessions.len(), sessions);
}
