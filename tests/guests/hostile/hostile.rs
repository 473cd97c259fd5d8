//! Channel `hostile`: everything that a component must not do to its host.

mod attack;

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: ["../../wit", "wit"],
        generate_all,
        inline: r#"
            package vestibule:hostile@1.0.0;

            interface commands {
                enum attack {
                    // Time and space.
                    spin, sleep, memory, recursion, trap, panic, exit, giant-reply, pollables, output,
                    // More of a capability than there is.
                    log-flood, call-flood, big-values, big-reads, huge-random, huge-get-many, endless-scan,
                    audit-flood, event-flood, mail-flood, keep-flood,
                    // Arguments out of bounds.
                    long-key, empty-key, long-prefix, big-value, long-owner, long-password, no-purpose, big-mac,
                    mail-header, mail-recipient, event-payload, event-name, audit-action, audit-detail, unknown-bucket,
                    long-bucket-key, foreign-signing-key, long-subject, forged-subject,
                    future-proof, event-about,
                }

                /// Does it; what became of it, if it is still there to tell.
                run: func(attack: attack) -> string;
                /// The keys of its own entries that start with `prefix`.
                keys: func(prefix: string) -> list<string>;
                /// Puts `value` under `key`, whatever that is.
                put: func(key: string, value: string);
                /// What is under `key`.
                get: func(key: string) -> option<string>;
            }

            world hostile {
                import vestibule:capability/storage@1.0.0;
                import vestibule:capability/transaction@1.0.0;
                import vestibule:capability/passwords@1.0.0;
                import vestibule:capability/signing@1.0.0;
                import vestibule:capability/macs@1.0.0;
                import vestibule:capability/mail@1.0.0;
                import vestibule:capability/events@1.0.0;
                import vestibule:capability/audit@1.0.0;
                import vestibule:capability/limits@1.0.0;
                import vestibule:capability/caller@1.0.0;
                import vestibule:capability/log@1.0.0;
                import wasi:random/random@0.2.0;
                import wasi:clocks/monotonic-clock@0.2.0;
                export commands;
            }
        "#,
    });

    use super::Hostile;
    export!(Hostile);
}

use bindings::exports::vestibule::hostile::commands::{Attack, Guest};
use bindings::vestibule::capability::storage::{self, PutOptions};

struct Hostile;

impl Guest for Hostile {
    fn run(attack: Attack) -> String {
        attack::run(attack)
    }

    fn keys(prefix: String) -> Vec<String> {
        storage::scan(&prefix, None, 1_000)
            .into_iter()
            .map(|entry| entry.key)
            .collect()
    }

    fn put(key: String, value: String) {
        storage::put(
            &key,
            value.as_bytes(),
            &PutOptions {
                expires_at: None,
                subject: None,
            },
        );
    }

    fn get(key: String) -> Option<String> {
        storage::get(&key).map(|value| String::from_utf8_lossy(&value).into_owned())
    }
}
