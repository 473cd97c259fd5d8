//! Channel `probe-passwords`: passes passwords on to the host.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-passwords@1.0.0;

            interface commands {
                enum verdict { mismatch, match, match-needs-rehash }

                hash: func(password: string) -> string;
                verify: func(password: string, phc: string) -> verdict;
                decoy: func(password: string);
            }

            world probe {
                import vestibule:capability/passwords@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_passwords::commands::{Guest, Verdict};
use bindings::vestibule::capability::passwords;

struct Probe;

impl Guest for Probe {
    fn hash(password: String) -> String {
        passwords::hash(&password)
    }

    fn verify(password: String, phc: String) -> Verdict {
        match passwords::verify(&password, &phc) {
            passwords::Verdict::Mismatch => Verdict::Mismatch,
            passwords::Verdict::Match => Verdict::Match,
            passwords::Verdict::MatchNeedsRehash => Verdict::MatchNeedsRehash,
        }
    }

    fn decoy(password: String) {
        passwords::decoy(&password);
    }
}
