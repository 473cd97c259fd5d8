//! Channel `probe-signing`: signs and verifies with the installation's keys.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-signing@1.0.0;

            interface commands {
                record key { id: string, algorithm: string }

                current: func() -> key;
                find: func(key-id: string) -> option<key>;
                sign: func(key-id: string, message: list<u8>) -> list<u8>;
                verify: func(key-id: string, message: list<u8>, signature: list<u8>) -> bool;
            }

            world probe {
                import vestibule:capability/signing@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_signing::commands::{Guest, Key};
use bindings::vestibule::capability::signing::{self, Algorithm};

struct Probe;

impl Guest for Probe {
    fn current() -> Key {
        key(signing::current())
    }

    fn find(key_id: String) -> Option<Key> {
        signing::find(&key_id).map(key)
    }

    fn sign(key_id: String, message: Vec<u8>) -> Vec<u8> {
        signing::sign(&key_id, &message)
    }

    fn verify(key_id: String, message: Vec<u8>, signature: Vec<u8>) -> bool {
        signing::verify(&key_id, &message, &signature)
    }
}

fn key(key: signing::Key) -> Key {
    let algorithm = match key.algorithm {
        Algorithm::Eddsa => "eddsa",
        Algorithm::Es256 => "es256",
    };
    Key {
        id: key.id,
        algorithm: algorithm.to_owned(),
    }
}
