//! Channel `probe-storage`: does what it is told with its own entries, in one message.

test_guests::manifest!(br#"{"schema": {"writes": 1, "reads": [1]}}"#);

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: "../../wit",
        generate_all,
        inline: r#"
            package vestibule:probe-storage@1.0.0;

            interface commands {
                use vestibule:types/types@1.0.0.{timestamp};

                record item { key: string, value: string, expires-at: option<timestamp>, subject: option<string> }
                record range { prefix: string, after: option<string>, limit: u32 }
                variant step {
                    get(string),
                    get-many(list<string>),
                    scan(range),
                    put(item),
                    delete(string),
                }
                record pair { key: string, value: string }
                variant seen {
                    value(option<string>),
                    values(list<option<string>>),
                    entries(list<pair>),
                    done,
                }

                /// Does `steps` one after the other and says what each saw.
                run: func(steps: list<step>) -> list<seen>;
            }

            world probe {
                import vestibule:capability/storage@1.0.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::vestibule::probe_storage::commands::{Guest, Pair, Seen, Step};
use bindings::vestibule::capability::storage::{self, PutOptions};

struct Probe;

impl Guest for Probe {
    fn run(steps: Vec<Step>) -> Vec<Seen> {
        steps.into_iter().map(run).collect()
    }
}

fn run(step: Step) -> Seen {
    match step {
        Step::Get(key) => Seen::Value(storage::get(&key).map(text)),
        Step::GetMany(keys) => {
            let values = storage::get_many(&keys);
            Seen::Values(values.into_iter().map(|value| value.map(text)).collect())
        }
        Step::Scan(range) => {
            let page = storage::scan(&range.prefix, range.after.as_deref(), range.limit);
            let pairs = page.into_iter().map(|entry| Pair {
                key: entry.key,
                value: text(entry.value),
            });
            Seen::Entries(pairs.collect())
        }
        Step::Put(item) => {
            let options = PutOptions {
                expires_at: item.expires_at,
                subject: item.subject,
            };
            storage::put(&item.key, item.value.as_bytes(), &options);
            Seen::Done
        }
        Step::Delete(key) => {
            storage::delete(&key);
            Seen::Done
        }
    }
}

fn text(value: Vec<u8>) -> String {
    String::from_utf8_lossy(&value).into_owned()
}
