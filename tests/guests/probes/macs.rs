//! Channel `probe-macs`: tags data with keys of its own that it never sees.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-macs@1.0.0;

            interface commands {
                record tag { key-id: string, bytes: list<u8> }

                mac: func(purpose: string, data: list<u8>) -> tag;
                candidates: func(purpose: string, data: list<u8>) -> list<tag>;
            }

            world probe {
                import vestibule:capability/macs@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_macs::commands::{Guest, Tag};
use bindings::vestibule::capability::macs;

struct Probe;

impl Guest for Probe {
    fn mac(purpose: String, data: Vec<u8>) -> Tag {
        tag(macs::mac(&purpose, &data))
    }

    fn candidates(purpose: String, data: Vec<u8>) -> Vec<Tag> {
        macs::candidates(&purpose, &data)
            .into_iter()
            .map(tag)
            .collect()
    }
}

fn tag(tag: macs::Tag) -> Tag {
    Tag {
        key_id: tag.key_id,
        bytes: tag.bytes,
    }
}
