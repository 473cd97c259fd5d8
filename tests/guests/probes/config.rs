//! Channel `probe-config`: reads what the operator configured.

test_guests::manifest!(
    br#"{"config": [
        {"name": "patience", "type": "duration", "default": "10 m", "doc": "How long it waits."},
        {"name": "greeting", "type": "string", "doc": "What it says."},
        {"name": "issuer", "type": "string", "doc": "The installation's, unless it is set here."},
        {"name": "verify-link", "type": "string", "default": "own", "doc": "The installation's, if it has one."},
        {"name": "reset-link", "type": "string", "default": "own", "doc": "The installation's, if it has one."}
    ]}"#
);

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-config@1.0.0;

            interface commands {
                get: func(name: string) -> option<string>;
            }

            world probe {
                import vestibule:capability/config@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_config::commands::Guest;
use bindings::vestibule::capability::config;

struct Probe;

impl Guest for Probe {
    fn get(name: String) -> Option<String> {
        config::get(&name)
    }
}
