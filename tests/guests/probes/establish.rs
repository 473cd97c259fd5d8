//! Channel `probe-establish`: says who the message acts for.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-establish@1.0.0;

            interface commands {
                /// Establishes `subjects` one after the other; what is known of the principal then.
                establish: func(subjects: list<string>) -> option<string>;
            }

            world probe {
                import vestibule:capability/caller@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_establish::commands::Guest;
use bindings::vestibule::capability::caller;

struct Probe;

impl Guest for Probe {
    fn establish(subjects: Vec<String>) -> Option<String> {
        for subject in subjects {
            caller::establish(&subject, &[], &[], None, &["pwd".to_owned()]);
        }
        caller::get().principal.map(|principal| principal.subject)
    }
}
