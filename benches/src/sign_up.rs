//! Sign-ups and registrations a second, at the default hash and at one that costs next to nothing: what is left is everything else.
//!
//! A sign-up makes an account, a profile, a one-time token and a mail in one commit; no mail server is configured, so the host
//! captures the mail. A registration makes the account and the token, and mails nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use serde_json::{Value, json};
use vestibule::message::Message;

use crate::Options;
use crate::case::{Case, answered, hashing_in_flight, in_turns};
use crate::fixture::{Site, Variant, cheap, unlimited};
use crate::people::{PASSWORD, address, service, stranger};
use crate::report::Report;

const BENCH: &str = "sign-up";

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(i) sign-up and registration, at the default hash and at a minimal one")?;
    let runtime = vestibule::runtime().build()?;
    let sites = [
        Site::sqlite(&options.folder)?,
        Site::sqlite(&options.folder)?,
    ];
    let usual = runtime.block_on(sites[0].host(Variant::configured(unlimited)))?;
    let minimal = runtime.block_on(sites[1].host(Variant::configured(cheap)))?;
    let in_flight = hashing_in_flight();
    let mut cases = Vec::new();
    for (hash, host) in [("default hash", &usual), ("minimal hash", &minimal)] {
        let name = |command: &str| format!("{command}, {hash}, {in_flight} in flight");
        cases.push(Case::new(
            name("authorization/registration"),
            answered(
                &runtime,
                host,
                in_flight,
                everybody_new("registered", registration),
                |reply| reply["id"].is_string(),
            ),
        ));
        cases.push(Case::new(
            name("accounts/sign-up"),
            answered(
                &runtime,
                host,
                in_flight,
                everybody_new("stranger", sign_up),
                Value::is_null,
            ),
        ));
    }
    in_turns(&mut cases, options)?;
    cases
        .iter()
        .try_for_each(|case| report.row(&case.row(BENCH)))
}

/// The message of somebody who was never there before, whatever the number.
fn everybody_new(
    names: &'static str,
    message: fn(usize, String) -> Message,
) -> impl Fn(usize) -> Message + Send + Sync + 'static {
    let next = Arc::new(AtomicUsize::new(0));
    move |_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        message(number, address(names, number))
    }
}

fn registration(_: usize, email: String) -> Message {
    let payload = json!({"email": email, "password": PASSWORD});
    service("authorization", "registration", payload)
}

fn sign_up(number: usize, email: String) -> Message {
    let payload =
        json!({"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "King"});
    stranger(number, "sign-up", payload)
}
