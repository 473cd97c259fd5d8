//! The attacks. Each ends the message, or says that it could not do harm.

use std::hint::black_box;
use std::io::Write as _;

use crate::bindings::exports::vestibule::hostile::commands::Attack;
use crate::bindings::vestibule::capability::audit::Outcome;
use crate::bindings::vestibule::capability::log::Level;
use crate::bindings::vestibule::capability::storage::{self, PutOptions};
use crate::bindings::vestibule::capability::{
    audit, caller, events, limits, log, macs, mail, passwords, signing, transaction,
};
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::random::random;

/// The largest value that the store takes, in bytes.
const LARGEST: usize = 256 * 1024;

/// Longer than anything that is meant for a name.
const LONG: usize = 100_000;

pub(crate) fn run(attack: Attack) -> String {
    match attack {
        Attack::Spin => loop {
            black_box(());
        },
        Attack::Sleep => monotonic_clock::subscribe_duration(u64::MAX / 2).block(),
        Attack::Memory => memory(),
        Attack::Recursion => return recurse(1).to_string(),
        Attack::Trap => std::process::abort(),
        Attack::Panic => panic!("a guest panics"),
        Attack::Exit => std::process::exit(0),
        Attack::GiantReply => return "x".repeat(24 << 20),
        Attack::Pollables => loop {
            std::mem::forget(monotonic_clock::subscribe_duration(u64::MAX / 2));
        },
        Attack::Output => output(),
        Attack::LogFlood => {
            (0..9_000).for_each(|_| log::write(Level::Info, &"flood\n".repeat(100)))
        }
        Attack::CallFlood => loop {
            black_box(storage::get("key"));
        },
        Attack::BigValues => big_values(),
        Attack::BigReads => {
            put("big", &vec![7; LARGEST]);
            loop {
                black_box(storage::get("big"));
            }
        }
        Attack::HugeRandom => drop(black_box(random::get_random_bytes(u64::MAX / 2))),
        Attack::HugeGetMany => drop(black_box(storage::get_many(&vec!["key".to_owned(); LONG]))),
        Attack::EndlessScan => endless_scan(),
        Attack::AuditFlood => loop {
            audit::record("flood", Outcome::Failure, None, &[]);
        },
        Attack::EventFlood => loop {
            events::publish("flood", "{}", None);
        },
        Attack::MailFlood => loop {
            send("victim@example.com", "Subject");
        },
        Attack::KeepFlood => (0..10_000).for_each(|number| {
            put("kept", number.to_string().as_bytes());
            transaction::keep();
        }),
        attack => out_of_bounds(attack),
    }
    "still here".to_owned()
}

/// Arguments that break a documented bound.
fn out_of_bounds(attack: Attack) {
    let long = "x".repeat(LONG);
    match attack {
        Attack::LongKey => put(&"k".repeat(513), b"value"),
        Attack::EmptyKey => put("", b"value"),
        Attack::LongPrefix => drop(black_box(storage::scan(&long, None, 1))),
        Attack::BigValue => put("key", &vec![0; LARGEST + 1]),
        Attack::LongOwner => {
            storage::put(
                "key",
                b"value",
                &PutOptions {
                    expires_at: None,
                    subject: Some(long),
                },
            );
        }
        Attack::LongPassword => drop(black_box(passwords::hash(&long))),
        Attack::NoPurpose => drop(black_box(macs::mac("", b"data"))),
        Attack::BigMac => drop(black_box(macs::mac("purpose", long.as_bytes()))),
        Attack::MailHeader => send("victim@example.com", "Hello\r\nBcc: everybody@example.com"),
        Attack::MailRecipient => send("a@example.com, b@example.com", "Subject"),
        Attack::EventPayload => events::publish("event", "{\"not\": JSON", None),
        Attack::EventName => events::publish("Not A Name", "{}", None),
        Attack::AuditAction => audit::record(&long, Outcome::Success, None, &[]),
        Attack::AuditDetail => {
            let detail = vec![("name".to_owned(), "value".to_owned()); 17];
            audit::record("action", Outcome::Success, None, &detail);
        }
        Attack::UnknownBucket => drop(black_box(limits::take("no-such-bucket", "key"))),
        Attack::LongBucketKey => drop(black_box(limits::take("bucket", &long))),
        Attack::ForeignSigningKey => drop(black_box(signing::sign("no-such-key", b"message"))),
        Attack::LongSubject => establish(&long, 0),
        Attack::ForgedSubject => establish("ann\nroot", 0),
        Attack::FutureProof => establish("ann", u64::MAX),
        Attack::EventAbout => events::publish("event", "{}", Some(&long)),
        _ => {}
    }
}

fn memory() {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(vec![1; 1 << 20]));
    }
}

#[expect(unconditional_recursion, reason = "that is the attack")]
fn recurse(depth: u64) -> u64 {
    recurse(black_box(depth + 1)) + 1
}

fn output() {
    let block = [b'x'; 64 * 1024];
    loop {
        // Refused or swallowed: both are fine.
        drop(std::io::stdout().write_all(&block));
        drop(std::io::stderr().write_all(&block));
    }
}

/// A thousand lists of 256 KiB.
fn big_values() {
    let value = vec![7; LARGEST];
    for number in 0..1_000 {
        put(&format!("big/{number}"), &value);
    }
}

/// Pages through its own entries and adds one behind every page.
fn endless_scan() {
    let mut last = 0_u64;
    let mut after: Option<String> = None;
    loop {
        last += 1;
        put(&format!("scan/{last:020}"), b"value");
        let page = storage::scan("scan/", after.as_deref(), u32::MAX);
        after = page.last().map(|entry| entry.key.clone()).or(after);
    }
}

fn put(key: &str, value: &[u8]) {
    storage::put(
        key,
        value,
        &PutOptions {
            expires_at: None,
            subject: None,
        },
    );
}

fn establish(subject: &str, authenticated_at: u64) {
    black_box(caller::establish(&caller::Principal {
        subject: subject.to_owned(),
        roles: Vec::new(),
        scopes: None,
        session: None,
        methods: Vec::new(),
        authenticated_at,
    }));
}

fn send(to: &str, subject: &str) {
    mail::send(&mail::Message {
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: "text".to_owned(),
        html: "<p>text</p>".to_owned(),
        expires_at: u64::MAX / 2,
        supersedes: None,
        about: None,
    });
}
