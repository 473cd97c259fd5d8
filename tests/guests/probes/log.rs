//! Channel `probe-log`: writes a line to the log.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-log@1.0.0;

            interface commands {
                write: func(line: string);
            }

            world probe {
                import vestibule:capability/log@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_log::commands::Guest;
use bindings::vestibule::capability::log::{self, Level};

struct Probe;

impl Guest for Probe {
    fn write(line: String) {
        log::write(Level::Info, &line);
    }
}
