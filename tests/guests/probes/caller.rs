//! Channel `probe-caller`: says who asks.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-caller@1.0.0;

            interface commands {
                record message {
                    id: string,
                    request-id: string,
                    deadline: u64,
                    plane: string,
                    via: option<string>,
                    service-key: option<string>,
                    operator: bool,
                    remote-address: option<string>,
                    subject: option<string>,
                }

                get: func() -> message;
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

use bindings::exports::vestibule::probe_caller::commands::{Guest, Message};
use bindings::vestibule::capability::caller::{self, Plane};

struct Probe;

impl Guest for Probe {
    fn get() -> Message {
        let message = caller::get();
        let plane = match message.plane {
            Plane::Service => "service",
            Plane::User => "user",
            Plane::Public => "public",
        };
        Message {
            id: message.id,
            request_id: message.request_id,
            deadline: message.deadline,
            plane: plane.to_owned(),
            via: message.via,
            service_key: message.service_key,
            operator: message.operator,
            remote_address: message.remote_address,
            subject: message.principal.map(|principal| principal.subject),
        }
    }
}
