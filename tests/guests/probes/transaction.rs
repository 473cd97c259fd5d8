//! Channel `probe-transaction`: keeps what it wrote, whatever it answers.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-transaction@1.0.0;

            interface commands {
                variant error { refused }

                /// Puts `value` under `key`, keeps it, and answers an error.
                put-keep-fail: func(key: string, value: string) -> result<_, error>;
                /// The value under `key`.
                get: func(key: string) -> option<string>;
            }

            world probe {
                import vestibule:capability/storage@1.0.0;
                import vestibule:capability/transaction@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_transaction::commands::{Error, Guest};
use bindings::vestibule::capability::storage::{self, PutOptions};
use bindings::vestibule::capability::transaction;

struct Probe;

impl Guest for Probe {
    fn put_keep_fail(key: String, value: String) -> Result<(), Error> {
        storage::put(
            &key,
            value.as_bytes(),
            &PutOptions {
                expires_at: None,
                subject: None,
            },
        );
        transaction::keep();
        Err(Error::Refused)
    }

    fn get(key: String) -> Option<String> {
        storage::get(&key).map(|value| String::from_utf8_lossy(&value).into_owned())
    }
}
