//! Channel `probe-wasi`: looks for what the standard library could reach of the machine.

mod bindings {
    #![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
    wit_bindgen::generate!({
        path: ["../../wit", "wit"],
        generate_all,
        inline: r#"
            package vestibule:probe-wasi@1.0.0;

            interface commands {
                record surroundings {
                    /// The time, asked for twice with work between.
                    now: tuple<u64, u64>,
                    /// Nanoseconds that the monotonic clock saw pass meanwhile.
                    elapsed: u64,
                    arguments: u32,
                    variables: u32,
                    /// Whether a file or folder could be opened.
                    files: bool,
                    /// What could be read from standard input.
                    input: u32,
                }

                look: func() -> surroundings;
                random: func(length: u64) -> list<u8>;
            }

            world probe {
                import wasi:random/random@0.2.0;
                export commands;
            }
        "#,
    });

    use super::Probe;
    export!(Probe);
}

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bindings::exports::vestibule::probe_wasi::commands::{Guest, Surroundings};
use bindings::wasi::random::random;

struct Probe;

impl Guest for Probe {
    #[expect(
        clippy::disallowed_methods,
        reason = "to see what they give in a sandbox"
    )]
    fn look() -> Surroundings {
        let started = Instant::now();
        let first = now();
        let work: u64 = (0..100_000_u64).map(black_box).sum();
        let second = now() + black_box(work) / u64::MAX;
        let mut input = Vec::new();
        let read = std::io::stdin().read_to_end(&mut input).unwrap_or(0);
        // Swallowed: standard output leads nowhere.
        drop(std::io::stdout().write_all(b"lost"));
        Surroundings {
            now: (first, second),
            elapsed: u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX),
            arguments: count(std::env::args().count()),
            variables: count(std::env::vars().count()),
            files: ["/", ".", "/etc/passwd", "/proc/self/environ"]
                .iter()
                .any(|path| {
                    std::fs::File::open(path).is_ok()
                        || std::fs::read_dir(path).is_ok()
                        || std::fs::write(path, b"x").is_ok()
                }),
            input: count(read),
        }
    }

    fn random(length: u64) -> Vec<u8> {
        random::get_random_bytes(length)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "to see what it gives in a sandbox"
)]
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
