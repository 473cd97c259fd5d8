//! What every level does: its steps, then its end.

use std::hint::black_box;

use crate::bindings::vestibule::capability::audit::{self, Outcome};
use crate::bindings::vestibule::capability::storage::{self, PutOptions};
use crate::bindings::vestibule::capability::{
    caller, events, limits, mail, passwords, transaction,
};
use crate::bindings::vestibule::nest::types::{End, Error, Level, Reply, Request, Step};
use crate::bindings::wasi::random::random;

/// Does the first of the request's levels; `below` calls the next component with the rest.
pub(crate) fn run(
    request: Request,
    below: impl Fn(&Request) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let mut levels = request.levels.into_iter();
    let Some(Level { steps, end }) = levels.next() else {
        return Ok(Reply { seen: Vec::new() });
    };
    let rest = Request {
        levels: levels.collect(),
    };
    let mut seen = vec![Vec::new()];
    for step in steps {
        let saw = match step {
            Step::Call | Step::TryCall => match below(&rest) {
                Ok(reply) => {
                    seen.extend(reply.seen);
                    "ok".to_owned()
                }
                Err(_) if matches!(step, Step::TryCall) => return Err(Error::Below),
                Err(_) => "error".to_owned(),
            },
            Step::Require(pair) if value(&pair.key).as_ref() != Some(&pair.value) => {
                return Err(Error::Refused);
            }
            step => own(step),
        };
        seen[0].push(saw);
    }
    match end {
        End::Ok => Ok(Reply { seen }),
        End::Fail => Err(Error::Refused),
        End::Trap => panic!("told to"),
        End::Spin => loop {
            black_box(());
        },
    }
}

/// A step that needs nobody else; what it saw.
fn own(step: Step) -> String {
    let nothing = "-".to_owned();
    match step {
        Step::Put(pair) => put(&pair.key, &pair.value),
        Step::Get(key) => return value(&key).unwrap_or("none".to_owned()),
        Step::Delete(key) => storage::delete(&key),
        Step::Increment(key) => {
            let number: u64 = value(&key).and_then(|text| text.parse().ok()).unwrap_or(0);
            let next = (number + 1).to_string();
            put(&key, &next);
            return next;
        }
        Step::Scan(prefix) => {
            let page = storage::scan(&prefix, None, 1_000);
            return page
                .into_iter()
                .map(|entry| entry.key)
                .collect::<Vec<_>>()
                .join(",");
        }
        Step::Keep => transaction::keep(),
        Step::Establish(subject) => return establish(subject).to_string(),
        Step::Who => {
            let message = caller::get();
            let subject = message.principal.map(|principal| principal.subject);
            let name = |name: Option<String>| name.unwrap_or("-".to_owned());
            return format!("{} {}", name(message.via), name(subject));
        }
        Step::Random(key) => {
            let random = random::get_random_bytes(16);
            let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            put(&key, &digits);
            return digits;
        }
        Step::Hash(pair) => {
            let hash = passwords::hash(&pair.value);
            put(&pair.key, &hash);
            return hash;
        }
        Step::Take(bucket) => {
            return limits::take(&bucket, "key").map_or("none".to_owned(), |wait| wait.to_string());
        }
        Step::Audit(action) => audit::record(&action, Outcome::Success, None, &[]),
        Step::Event(name) => events::publish(&name, "{}", None),
        Step::Mail(to) => mail::send(&mail::Message {
            to,
            subject: "Nested".to_owned(),
            text: "text".to_owned(),
            html: "<p>text</p>".to_owned(),
            expires_at: u64::MAX / 2,
            supersedes: None,
            about: None,
        }),
        Step::Require(_) | Step::Call | Step::TryCall => {}
    }
    nothing
}

fn establish(subject: String) -> bool {
    caller::establish(&caller::Principal {
        subject,
        roles: Vec::new(),
        scopes: None,
        session: None,
        methods: vec!["pwd".to_owned()],
        authenticated_at: 0,
    })
}

fn put(key: &str, value: &str) {
    storage::put(
        key,
        value.as_bytes(),
        &PutOptions {
            expires_at: None,
            subject: None,
        },
    );
}

fn value(key: &str) -> Option<String> {
    storage::get(key).map(|value| String::from_utf8_lossy(&value).into_owned())
}
