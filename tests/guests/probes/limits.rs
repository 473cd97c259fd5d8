//! Channel `probe-limits`: takes from a bucket and fills it.

test_guests::manifest!(
    br#"{"buckets": [
        {"name": "declared", "burst": 1, "period_ms": 60000},
        {"name": "declared-lasting", "burst": 1, "period_ms": 60000, "persistent": true}
    ]}"#
);

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-limits@1.0.0;

            interface commands {
                variant error { too-many-requests(u64) }

                /// Takes one; `too-many-requests` with the time to wait if there is none.
                take: func(bucket: string, key: string) -> result<_, error>;
                reset: func(bucket: string, key: string);
            }

            world probe {
                import vestibule:capability/limits@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_limits::commands::{Error, Guest};
use bindings::vestibule::capability::limits;

struct Probe;

impl Guest for Probe {
    fn take(bucket: String, key: String) -> Result<(), Error> {
        limits::take(&bucket, &key).map_or(Ok(()), |wait| Err(Error::TooManyRequests(wait)))
    }

    fn reset(bucket: String, key: String) {
        limits::reset(&bucket, &key);
    }
}
