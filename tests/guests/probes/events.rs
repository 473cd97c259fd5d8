//! Channel `probe-events`: publishes an event, and answers as it is told.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-events@1.0.0;

            interface commands {
                variant error { refused }

                /// Publishes an event, then answers `refused` if `fail`.
                publish: func(name: string, payload: string, about: option<string>, fail: bool) -> result<_, error>;
            }

            world probe {
                import vestibule:capability/events@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_events::commands::{Error, Guest};
use bindings::vestibule::capability::events;

struct Probe;

impl Guest for Probe {
    fn publish(
        name: String,
        payload: String,
        about: Option<String>,
        fail: bool,
    ) -> Result<(), Error> {
        events::publish(&name, &payload, about.as_deref());
        if fail { Err(Error::Refused) } else { Ok(()) }
    }
}
