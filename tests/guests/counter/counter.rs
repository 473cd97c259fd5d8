//! Channel `counter`: counts, and says which build it is.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:counter@1.0.0;

            interface commands {
                record key { key: string }
                record count { value: u64, build: string }

                /// Adds one to what is under the key: reads, then writes.
                increment: func(request: key) -> count;
                /// What is under the key.
                read: func(request: key) -> count;
            }

            world counter {
                import vestibule:capability/storage@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Counter;
    export!(Counter);
}

use bindings::exports::vestibule::counter::commands::{Count, Guest, Key};
use bindings::vestibule::capability::storage::{self, PutOptions};

struct Counter;

impl Guest for Counter {
    fn increment(request: Key) -> Count {
        let value = value(&request.key) + 1;
        let options = PutOptions {
            expires_at: None,
            subject: None,
        };
        storage::put(&request.key, value.to_string().as_bytes(), &options);
        Count {
            value,
            build: crate::BUILD.to_owned(),
        }
    }

    fn read(request: Key) -> Count {
        Count {
            value: value(&request.key),
            build: crate::BUILD.to_owned(),
        }
    }
}

fn value(key: &str) -> u64 {
    let stored = storage::get(key).unwrap_or_default();
    std::str::from_utf8(&stored)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}
