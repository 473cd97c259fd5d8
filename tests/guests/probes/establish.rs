//! Channel `probe-establish`: says who the message acts for.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-establish@1.0.0;

            interface commands {
                record claim { subject: string, scopes: option<list<string>>, authenticated-at: u64 }
                record outcome {
                    /// What each claim was answered.
                    held: list<bool>,
                    /// What is known of the principal then.
                    principal: option<claim>,
                }

                /// Establishes `claims` one after the other.
                establish: func(claims: list<claim>) -> outcome;
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

use bindings::exports::vestibule::probe_establish::commands::{Claim, Guest, Outcome};
use bindings::vestibule::capability::caller::{self, Principal};

struct Probe;

impl Guest for Probe {
    fn establish(claims: Vec<Claim>) -> Outcome {
        let held = claims.into_iter().map(establish).collect();
        let principal = caller::get().principal.map(|principal| Claim {
            subject: principal.subject,
            scopes: principal.scopes,
            authenticated_at: principal.authenticated_at,
        });
        Outcome { held, principal }
    }
}

fn establish(claim: Claim) -> bool {
    caller::establish(&Principal {
        subject: claim.subject,
        roles: Vec::new(),
        scopes: claim.scopes,
        session: None,
        methods: vec!["pwd".to_owned()],
        authenticated_at: claim.authenticated_at,
    })
}
