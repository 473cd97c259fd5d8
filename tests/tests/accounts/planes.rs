//! Who reaches what, over HTTP: strangers, users and services at every command there is.

use serde_json::{Value, json};
use vestibule::service_keys::NewServiceKey;
use vestibule_tests::front::{Front, Reply, Who};
use vestibule_tests::harness::Harness;

use crate::statuses::api_token;
use crate::world::{behind_http, ok, signed_in, user};

/// No channel has this command.
const NOTHING: &str = "nothing/at-all";

/// Every command of every channel, `channel/command`.
fn commands(host: &Harness) -> Vec<(String, String)> {
    let channels = host.host.channels();
    let named = channels.iter().flat_map(|channel| {
        let commands = channel.commands.iter();
        commands.map(|command| (channel.name.to_string(), command.name.to_string()))
    });
    named.collect()
}

/// What no command takes, so that nothing is done where it is reached.
async fn knock(front: &Front, who: &Who, command: &str) -> Reply {
    front.post(who, command, &json!({"knock": true})).await
}

// F05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_reaches_what_is_public_and_is_told_of_nothing_else() {
    let (host, front) = behind_http().await;
    let stranger = Who::stranger().from_source(1);
    let nothing = knock(&front, &stranger, NOTHING).await;
    assert_eq!(nothing.status, 401);
    assert_eq!(
        nothing.header("www-authenticate"),
        "Bearer realm=\"vestibule\""
    );
    let mut reached = Vec::new();
    for (channel, command) in commands(&host) {
        let reply = knock(&front, &stranger, &format!("{channel}/{command}")).await;
        match host.host.planes().is_public(&channel, &command) {
            true => {
                assert_eq!(reply.code(), "bad-request", "{channel}/{command}");
                reached.push(format!("{channel}/{command}"));
            }
            false => assert_eq!(reply.face(), nothing.face(), "{channel}/{command}"),
        }
    }
    assert_eq!(reached.len(), host.host.config().planes.public.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_reaches_the_user_plane_and_no_command_of_services() {
    let (host, front) = behind_http().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let token = api_token(&host, &session.access, &["*"]).await;
    for (credential, is_good) in [
        (&*session.access, true),
        (&*token, true),
        ("nonsense", false),
    ] {
        let who = Who::with(credential).from_source(1);
        let nothing = knock(&front, &who, NOTHING).await;
        assert_eq!((nothing.status, &*nothing.code()), (403, "access-denied"));
        for (channel, command) in commands(&host) {
            let name = format!("{channel}/{command}");
            let reply = knock(&front, &who, &name).await;
            let planes = host.host.planes();
            let is_public = planes.is_public(&channel, &command);
            match planes.is_user(&channel, &command) {
                false => assert_eq!(reply.face(), nothing.face(), "{name}"),
                // Whoever presents nonsense is told nothing of what is deployed.
                true if !is_good && !is_public => assert_eq!(reply.status, 401, "{name}"),
                true => assert_eq!(reply.code(), "bad-request", "{name}"),
            }
        }
    }
}

/// A service key with these scopes.
async fn service(host: &Harness, scopes: &[&str], act_as: bool) -> Who {
    let wanted = NewServiceKey {
        name: "test".to_owned(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        act_as,
        expires_at: None,
    };
    let (_, token) = host.host.service_keys().create(wanted).await.unwrap();
    Who::with(token.expose())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_reaches_what_its_key_says() {
    let (host, front) = behind_http().await;
    let narrow = service(&host, &["users/*", "token/verify-token"], false).await;
    for (channel, command) in commands(&host) {
        let name = format!("{channel}/{command}");
        let reply = knock(&front, &narrow, &name).await;
        let is_its = channel == "users" || name == "token/verify-token";
        let code = if is_its {
            "bad-request"
        } else {
            "access-denied"
        };
        assert_eq!(reply.code(), code, "{name}");
    }
    // With every command in its scope it is an operator all the same not.
    let wide = service(&host, &["*"], false).await;
    let by_email = json!({"email": "ada@example.org"});
    let reply = front
        .post(&wide, "authorization/find-account", &by_email)
        .await;
    assert_eq!((reply.status, &*reply.code()), (403, "access-denied"));
    let operator = service(&host, &["*", "admin"], false).await;
    let reply = front
        .post(&operator, "authorization/find-account", &by_email)
        .await;
    assert_eq!((reply.status, reply.json()), (200, json!({})));
}

// M02
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_named_by_whoever_may_name_one() {
    let (host, front) = behind_http().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let own = ok(user(&host, &session.access, "accounts", "profile", json!({})).await);
    let ada = json!({"id": own["id"]});
    let profile = async |who: Who| {
        let reply = front.post(&who, "accounts/profile", &json!({})).await;
        (reply.status, reply.json()["email"].clone())
    };
    let may = service(&host, &["accounts/*"], true).await;
    let may_not = service(&host, &["accounts/*"], false).await;
    let acting = profile(may.clone().acting_for(&ada)).await;
    assert_eq!(acting, (200, json!("ada@example.org")));
    for who in [
        may,
        may_not.clone(),
        may_not.acting_for(&ada),
        Who::with(&session.access).acting_for(&ada),
    ] {
        assert_eq!(profile(who).await, (403, Value::Null));
    }
    let nobody = Who::stranger().acting_for(&ada);
    assert_eq!(profile(nobody).await, (401, Value::Null));
}
