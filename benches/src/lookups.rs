//! Look-ups that services make with every request of theirs, against `token/verify-token`.

use anyhow::Result;
use serde_json::json;
use tokio::runtime::Runtime;
use vestibule::Host;

use crate::Options;
use crate::case::{Case, answered, in_turns};
use crate::credentials::{api_tokens, pairs};
use crate::fixture::{self, Site, TOKENS, Variant, cheap};
use crate::machine::cores;
use crate::measure::Sample;
use crate::people::{Person, each, ok, service, verified};
use crate::report::Report;

const BENCH: &str = "lookups";

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(k) what services look up, against verify-token")?;
    let runtime = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    let host = runtime.block_on(site.host(Variant::configured(cheap)))?;
    let mut cases = cases(&runtime, &host)?;
    in_turns(&mut cases, options)?;
    for case in &cases {
        let of_verify = |of: fn(&Sample) -> f64| case.samples.ratio(&cases[0].samples, of);
        let row = case
            .row(BENCH)
            .figure("of_verify", of_verify(Sample::rate))
            .figure("times_cpu", of_verify(Sample::cpu_us));
        report.row(&row)?;
    }
    Ok(())
}

/// All of them over the same people, with as many tokens of each kind.
fn cases<'a>(runtime: &'a Runtime, host: &'a Host) -> Result<Vec<Case<'a>>> {
    let people = runtime.block_on(verified(host, "person", TOKENS))?;
    runtime.block_on(profiles(host, &people))?;
    let jwts = runtime.block_on(fixture::tokens(host, TOKENS))?;
    let saved = runtime.block_on(pairs(host, &people, TOKENS))?;
    let programs = runtime.block_on(api_tokens(host, &people))?;
    let in_flight = 8 * cores();
    let name = |command: &str| format!("{command}, {in_flight} in flight");
    Ok(vec![
        Case::new(
            name("token/verify-token"),
            answered(
                runtime,
                host,
                in_flight,
                move |number| fixture::verify(&jwts[number % jwts.len()]),
                |reply| reply["valid"] == true,
            ),
        ),
        Case::new(
            name("authorization/get-access-token"),
            answered(
                runtime,
                host,
                in_flight,
                move |number| {
                    let payload = json!({"access_token": saved[number % saved.len()].access});
                    service("authorization", "get-access-token", payload)
                },
                |reply| reply["token"].is_object(),
            ),
        ),
        Case::new(
            name("api-tokens/authorize"),
            answered(
                runtime,
                host,
                in_flight,
                move |number| {
                    let payload = json!({"value": programs[number % programs.len()].value});
                    service("api-tokens", "authorize", payload)
                },
                |reply| reply["id"].is_string(),
            ),
        ),
        Case::new(
            name("users/get-user-by-auth-id"),
            answered(
                runtime,
                host,
                in_flight,
                move |number| {
                    let payload = json!({"auth_id": people[number % people.len()].id});
                    service("users", "get-user-by-auth-id", payload)
                },
                |reply| reply["user"].is_object(),
            ),
        ),
    ])
}

/// A profile for each of `people`.
async fn profiles(host: &Host, people: &[Person]) -> Result<()> {
    each(people, |person| async move {
        let payload = json!({
            "auth_id": person.id,
            "email": person.email,
            "first_name": "Ada",
            "last_name": "King",
        });
        ok(host, service("users", "registration", payload)).await
    })
    .await
    .map(drop)
}
