//! Sign-ins a second, against the bare argon2id rate of the machine: what a sign-in costs beside its hash.
//!
//! The bare rate is that of a thread a core which does nothing but hash, with the host's parameters and the code of the crate it
//! uses, in memory that it keeps. The host's own pool without any message is measured beside it; the faster of the two counts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde_json::json;
use tokio::runtime::Runtime;
use vestibule::Host;
use vestibule::config::Passwords;
use vestibule::hashing::HashPool;

use crate::Options;
use crate::case::{Case, answered, hashing_in_flight, in_turns};
use crate::fixture::{Site, Variant, unlimited};
use crate::machine::cores;
use crate::measure::{Sample, Samples, keep_busy, on_this_thread};
use crate::people::{PASSWORD, Person, pending, service, stranger};
use crate::report::Report;

const BENCH: &str = "sign-in";

/// Whose sign-ins are measured, in turn.
const PEOPLE: usize = 200;

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(h) sign-in, against the bare argon2id rate of the machine")?;
    let runtime = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    let host = runtime.block_on(site.host(Variant::configured(unlimited)))?;
    let people: Arc<[Person]> = runtime.block_on(pending(&host, "person", PEOPLE))?.into();
    let mut cases = cases(&runtime, &host, &people)?;
    in_turns(&mut cases, options)?;
    let bare = fastest(&cases[0].samples, &cases[1].samples);
    for (number, case) in cases.iter().enumerate() {
        let of_bare = case.samples.ratio(&bare, Sample::rate);
        let row = case.row(BENCH).figure("of_bare", of_bare);
        report.row(&match number {
            0 | 1 => row,
            _ => row.at_least("of_bare", 0.9),
        })?;
    }
    Ok(())
}

fn cases<'a>(
    runtime: &'a Runtime,
    host: &'a Host,
    people: &Arc<[Person]>,
) -> Result<Vec<Case<'a>>> {
    let in_flight = hashing_in_flight();
    let pool = Arc::new(HashPool::new(
        &host.config().passwords,
        host.keyring().clone(),
    )?);
    let cost = host.config().passwords.clone();
    let (callers, strangers) = (people.clone(), people.clone());
    let credentials = |people: &[Person], number: usize| {
        let person = &people[number % people.len()];
        json!({"email": person.email, "password": PASSWORD})
    };
    let get_user = move |number| {
        let payload = credentials(&callers, number);
        service("authorization", "get-user", payload)
    };
    let sign_in = move |number| stranger(number, "sign-in", credentials(&strangers, number));
    Ok(vec![
        Case::new("bare argon2id, a thread a core", move |span| {
            bare(&cost, span)
        }),
        Case::new(
            format!("the host's pool alone, {in_flight} in flight"),
            move |span| pooled(runtime, &pool, in_flight, span),
        ),
        Case::new(
            format!("authorization/get-user, {in_flight} in flight"),
            answered(runtime, host, in_flight, get_user, |reply| {
                reply["user"].is_object()
            }),
        ),
        Case::new(
            format!("accounts/sign-in, {in_flight} in flight"),
            answered(runtime, host, in_flight, sign_in, |reply| {
                reply["access_token"].is_string()
            }),
        ),
    ])
}

/// Round by round the faster of the two.
fn fastest(one: &Samples, other: &Samples) -> Samples {
    let rounds = one.0.iter().zip(&other.0);
    let faster = rounds.map(|(one, other)| match one.rate() < other.rate() {
        true => other.clone(),
        false => one.clone(),
    });
    Samples(faster.collect())
}

/// The machine's own rate: a thread a core, and nothing else.
fn bare(cost: &Passwords, span: Duration) -> Result<Sample> {
    let samples = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores())
            .map(|_| scope.spawn(|| hashes(cost, span)))
            .collect();
        let ended = threads.into_iter().map(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err(anyhow!("a thread that hashed panicked")))
        });
        ended.collect::<Result<Vec<_>>>()
    })?;
    Ok(Sample::together(samples))
}

/// One hash after the other on this thread: of 32 bytes, as a password is under its pepper, with 32 bytes of output.
fn hashes(cost: &Passwords, span: Duration) -> Result<Sample> {
    let (memory, passes) = (cost.memory_kib, cost.iterations);
    let params = Params::new(memory, passes, cost.parallelism, Some(32));
    let params = params.map_err(|cause| anyhow!("{cause}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = vec![Block::default(); argon2.params().block_count()];
    let mut hash = [0; 32];
    on_this_thread(span, |_| {
        let done =
            argon2.hash_password_into_with_memory(&[7; 32], &[8; 16], &mut hash, &mut memory[..]);
        done.map_err(|cause| anyhow!("{cause}"))
    })
}

/// The host's own pool, asked without any message.
fn pooled(
    runtime: &Runtime,
    pool: &Arc<HashPool>,
    in_flight: usize,
    span: Duration,
) -> Result<Sample> {
    let pool = pool.clone();
    keep_busy(runtime, in_flight, span, move |_| {
        let pool = pool.clone();
        async move {
            let password = PASSWORD.as_bytes().to_vec().into();
            Ok(pool.decoy("benchmark", password).await?)
        }
    })
}
