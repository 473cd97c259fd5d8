//! By which doors the bundled components reach each other, read from their bytes: these and no others are granted.

use std::collections::BTreeMap;

use vestibule::contract::Contract;

/// The commands of other channels that the build of `channel` imports.
fn commands(channel: &str) -> BTreeMap<String, Vec<String>> {
    let component = bundle::COMPONENTS
        .iter()
        .find(|component| component.channel == channel)
        .unwrap();
    let contract = Contract::read(component.wasm).unwrap();
    let mut commands = BTreeMap::new();
    for import in &contract.imports {
        let Some((other, _)) = import
            .interface
            .strip_prefix("vestibule:")
            .and_then(|name| name.split_once("/commands@"))
        else {
            continue;
        };
        let mut names: Vec<String> = import.functions.iter().map(ToString::to_string).collect();
        names.sort();
        commands.insert(other.to_owned(), names);
    }
    commands
}

fn expected(commands: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    commands
        .iter()
        .map(|(channel, names)| ((*channel).to_owned(), owned(names)))
        .collect()
}

#[test]
fn accounts_reaches_no_command_that_answers_a_one_time_token() {
    let reached = expected(&[
        ("api-tokens", &["delete-all"]),
        (
            "authorization",
            &[
                "change-password",
                "delete-account",
                "get-account",
                "get-user",
                "reset-password",
                "sign-up",
                "start-password-reset",
                "start-verification",
                "verify-email",
            ],
        ),
        (
            "token",
            &[
                "blacklist-tokens",
                "end-all-sessions",
                "end-session",
                "issue-session",
                "list-sessions",
                "refresh-session",
            ],
        ),
        ("users", &["get-user-by-auth-id", "update-user"]),
    ]);
    assert_eq!(commands("accounts"), reached);
}

#[test]
fn authorization_reaches_mails_profiles_and_the_end_of_sessions() {
    let reached = expected(&[
        (
            "email",
            &[
                "send-forgot-password-email",
                "send-notice",
                "send-verify-email",
                "withdraw-mails",
            ],
        ),
        ("token", &["revoke-subject"]),
        ("users", &["delete-user", "registration"]),
    ]);
    assert_eq!(commands("authorization"), reached);
}

#[test]
fn api_tokens_reaches_the_owner_and_the_others_reach_nobody() {
    let reached = expected(&[("authorization", &["get-account"])]);
    assert_eq!(commands("api-tokens"), reached);
    for channel in ["email", "token", "users"] {
        assert_eq!(commands(channel), BTreeMap::new());
    }
}

/// The capabilities of each world; a build may leave one out.
const CAPABILITIES: [(&str, &[&str]); 6] = [
    ("accounts", &["audit", "caller", "limits", "log"]),
    (
        "api-tokens",
        &[
            "audit", "caller", "config", "limits", "log", "macs", "storage",
        ],
    ),
    (
        "authorization",
        &[
            "audit",
            "caller",
            "config",
            "events",
            "limits",
            "log",
            "macs",
            "passwords",
            "storage",
            "transaction",
        ],
    ),
    (
        "email",
        &["audit", "caller", "config", "limits", "log", "mail"],
    ),
    (
        "token",
        &[
            "audit",
            "caller",
            "config",
            "events",
            "log",
            "macs",
            "signing",
            "storage",
            "transaction",
        ],
    ),
    ("users", &["audit", "caller", "events", "log", "storage"]),
];

#[test]
fn no_component_asks_for_a_capability_that_its_world_does_not_name() {
    for component in bundle::COMPONENTS {
        let (_, named) = CAPABILITIES
            .iter()
            .find(|(channel, _)| *channel == component.channel)
            .unwrap();
        for import in Contract::read(component.wasm).unwrap().imports {
            let Some(rest) = import.interface.strip_prefix("vestibule:capability/") else {
                continue;
            };
            let capability = rest.split('@').next().unwrap();
            assert!(
                import.functions.is_empty() || named.contains(&capability),
                "{} asks for {capability}",
                component.channel
            );
        }
    }
}
