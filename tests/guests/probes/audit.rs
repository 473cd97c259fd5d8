//! Channel `probe-audit`: records a decision, and answers as it is told.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-audit@1.0.0;

            interface commands {
                variant error { refused }

                /// Records `action` as denied to `subject`, then answers `refused` if `fail`.
                decide: func(action: string, subject: option<string>, fail: bool) -> result<_, error>;
            }

            world probe {
                import vestibule:capability/audit@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_audit::commands::{Error, Guest};
use bindings::vestibule::capability::audit::{self, Outcome};

struct Probe;

impl Guest for Probe {
    fn decide(action: String, subject: Option<String>, fail: bool) -> Result<(), Error> {
        let detail = [("reason".to_owned(), "test".to_owned())];
        audit::record(&action, Outcome::Denied, subject.as_deref(), &detail);
        if fail { Err(Error::Refused) } else { Ok(()) }
    }
}
