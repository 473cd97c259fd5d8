//! Where the time of a fresh sandbox goes.
//!
//! Two ladders. The first is wasmtime alone, on an engine set up as the host sets it up: what it takes to make a store, to
//! instantiate, to call, to drop, for the smallest component there is and for the token component. The second is a whole message, each
//! step doing a little more than the one before; the differences are what each part costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use vestibule::Host;
use vestibule::message::{Caller, Message};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Val};
use wasmtime::{Engine, Store};

use crate::Options;
use crate::fixture::{self, Site, TOKENS, Variant};
use crate::measure::{Cpu, Sample, Samples, median, on_this_thread};
use crate::native::Native;
use crate::report::{Report, Row};

const BENCH: &str = "sandbox";

/// A component whose one command does nothing: what is left is the sandbox itself.
const EMPTY: &str = r#"(component
    (core module $code (func (export "run")))
    (core instance $code (instantiate $code))
    (func $run (canon lift (core func $code "run")))
    (instance $commands (export "run" (func $run)))
    (export "vestibule:empty/commands@1.0.0" (instance $commands)))"#;

/// The same with one page of memory, as every compiled guest has.
const ONE_PAGE: &str = r#"(component
    (core module $code (memory (export "memory") 1) (func (export "run") (i32.store (i32.const 64) (i32.const 1))))
    (core instance $code (instantiate $code))
    (func $run (canon lift (core func $code "run")))
    (instance $commands (export "run" (func $run)))
    (export "vestibule:page/commands@1.0.0" (instance $commands)))"#;

/// What takes part in one phase of wasmtime's work: microseconds, one value a round.
#[derive(Default)]
struct Phases([Vec<f64>; 4]);

const PHASES: [&str; 4] = ["store_us", "instantiate_us", "call_us", "drop_us"];

/// One step of the ladder of whole messages.
struct Step<'a> {
    name: &'static str,
    host: &'a Host,
    message: Box<dyn Fn(usize) -> Message + 'a>,
    samples: Samples,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(b) where the fresh sandbox's time goes")?;
    let home = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    wasmtime_alone(report, options, site.engine().wasmtime())?;
    messages(report, options, &home, &site)
}

/// The first ladder.
fn wasmtime_alone(report: &mut Report, options: &Options, engine: &Engine) -> Result<()> {
    let token = bundle_of("token")?;
    let guests = [
        (
            "wasmtime alone, empty component",
            wat::parse_str(EMPTY)?,
            "vestibule:empty/commands@1.0.0",
            "run",
            vec![],
            0,
        ),
        (
            "wasmtime alone, one page of memory",
            wat::parse_str(ONE_PAGE)?,
            "vestibule:page/commands@1.0.0",
            "run",
            vec![],
            0,
        ),
        (
            "wasmtime alone, token component, nonsense",
            token,
            "vestibule:token/commands@1.0.0",
            "verify-token",
            vec![nonsense()],
            1,
        ),
    ];
    let mut prepared = Vec::new();
    for (name, bytes, interface, command, params, results) in guests {
        let (pre, export) = prepare(engine, &bytes, interface, command)?;
        prepared.push((name, pre, export, params, results, Phases::default()));
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for _ in 0..options.rounds {
        for (_, pre, export, params, results, phases) in &mut prepared {
            let one = || phase_times(engine, pre, export, params, *results, options.span);
            phases.push(runtime.block_on(one())?);
        }
    }
    for (name, .., phases) in &prepared {
        let medians = phases.0.iter().map(|values| median(values.clone()));
        let mut row = Row::new(BENCH, *name);
        let mut sum = 0.0;
        for (phase, value) in PHASES.into_iter().zip(medians) {
            row = row.figure(phase, value);
            sum += value;
        }
        report.row(&row.figure("sum_us", sum))?;
    }
    Ok(())
}

/// The request record of `verify-token` with something in it that is no token: refused before anything is imported.
fn nonsense() -> Val {
    Val::Record(vec![(
        "access-token".to_owned(),
        Val::String("nonsense".to_owned()),
    )])
}

/// The bundled component of `channel`.
fn bundle_of(channel: &str) -> Result<Vec<u8>> {
    let found = bundle::COMPONENTS
        .iter()
        .find(|component| component.channel == channel);
    Ok(found.context("the bundle lacks a component")?.wasm.to_vec())
}

fn prepare(
    engine: &Engine,
    bytes: &[u8],
    interface: &str,
    command: &str,
) -> Result<(InstancePre<()>, ComponentExportIndex)> {
    let component = wasm(Component::from_binary(engine, bytes))?;
    let mut linker = Linker::new(engine);
    wasm(linker.define_unknown_imports_as_traps(&component))?;
    wasm(stop_the_clock(engine, &component, &mut linker))?;
    let pre = wasm(linker.instantiate_pre(&component))?;
    let interface = component
        .get_export_index(None, interface)
        .context("no such interface")?;
    let export = component
        .get_export_index(Some(&interface), command)
        .context("no such command")?;
    Ok((pre, export))
}

/// Every command reads the clock once before it looks at its request.
fn stop_the_clock(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<()>,
) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let ty = component.component_type();
    for (name, _) in ty.imports(engine) {
        if name.starts_with("wasi:clocks/wall-clock@") {
            linker.instance(name)?.func_new("now", |_, _, _, results| {
                results[0] = Val::Record(vec![
                    ("seconds".to_owned(), Val::U64(1_800_000_000)),
                    ("nanoseconds".to_owned(), Val::U32(0)),
                ]);
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The mean of each phase over `span`. Reading the clock in between costs some 25 ns a phase.
async fn phase_times(
    engine: &Engine,
    pre: &InstancePre<()>,
    export: &ComponentExportIndex,
    params: &[Val],
    results: usize,
    span: Duration,
) -> Result<[f64; 4]> {
    let mut sums = [Duration::ZERO; 4];
    let mut count = 0_u32;
    let started = Instant::now();
    while started.elapsed() < span {
        let at = Instant::now();
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let made = Instant::now();
        let instance = wasm(pre.instantiate_async(&mut store).await)?;
        let instantiated = Instant::now();
        let function = instance
            .get_func(&mut store, export)
            .context("no such function")?;
        let mut replies = vec![Val::Bool(false); results];
        wasm(function.call_async(&mut store, params, &mut replies).await)?;
        let called = Instant::now();
        drop(store);
        let dropped = Instant::now();
        for (sum, (from, to)) in sums.iter_mut().zip([
            (at, made),
            (made, instantiated),
            (instantiated, called),
            (called, dropped),
        ]) {
            *sum += to.duration_since(from);
        }
        count += 1;
    }
    Ok(sums.map(|sum| sum.as_secs_f64() * 1e6 / f64::from(count)))
}

/// Its errors are of its own kind.
fn wasm<T>(result: wasmtime::Result<T>) -> Result<T> {
    result.map_err(|cause| anyhow::anyhow!("{cause:#}"))
}

impl Phases {
    fn push(&mut self, round: [f64; 4]) {
        for (values, value) in self.0.iter_mut().zip(round) {
            values.push(value);
        }
    }
}

/// The second ladder.
fn messages(report: &mut Report, options: &Options, home: &Runtime, site: &Site) -> Result<()> {
    let extra = |bytes: &str| -> Result<Variant> {
        Ok(Variant {
            remembered: Some(0),
            component: Some(wat::parse_str(bytes)?),
            ..Variant::default()
        })
    };
    let empty = home.block_on(site.host(extra(EMPTY)?))?;
    let page = home.block_on(site.host(extra(ONE_PAGE)?))?;
    let on = home.block_on(site.host(Variant::default()))?;
    let memory_site = Site::memory()?;
    let memory = home.block_on(memory_site.host(Variant {
        remembered: Some(0),
        ..Variant::default()
    }))?;
    let tokens = home.block_on(fixture::tokens(&empty, TOKENS))?;
    let memory_tokens = home.block_on(fixture::tokens(&memory, TOKENS))?;
    let ended = home.block_on(ended_tokens(&empty))?;
    let nothing = |channel: &'static str| {
        move |_: usize| Message::new(channel, "run", Value::Null, Caller::service(None))
    };
    let of = |tokens: &[String], number: usize| fixture::verify(&tokens[number % tokens.len()]);
    let steps = [
        Step::new("no such channel (router's door)", &empty, nothing("absent")),
        Step::new("empty component", &empty, nothing("empty")),
        Step::new("one page of memory", &page, nothing("page")),
        Step::new(
            "token, nonsense (Rust guest, no capability)",
            &empty,
            |_| fixture::verify("nonsense"),
        ),
        Step::new(
            "token, ended session (+ signature, snapshot)",
            &empty,
            |number| of(&ended, number),
        ),
        Step::new("token, valid, memory store", &memory, |number| {
            of(&memory_tokens, number)
        }),
        Step::new("token, valid, SQLite", &empty, |number| of(&tokens, number)),
        Step::new("token, valid, SQLite, remembered", &on, |number| {
            of(&tokens, number)
        }),
    ];
    let native = Native::beside(&empty);
    let mut parts = [
        ("native: whole verify-token", Samples::default()),
        ("native: snapshot and two reads", Samples::default()),
        ("native: Ed25519 (aws-lc-rs)", Samples::default()),
        ("tokio: spawn and join", Samples::default()),
    ];
    let steps = &mut steps
        .into_iter()
        .filter(|step| options.wants(step.name))
        .collect::<Vec<_>>();
    for _ in 0..options.rounds {
        for step in steps.iter_mut() {
            step.samples.0.push(step.measure(options.span)?);
        }
        native_parts(&native, &tokens, options.span, &mut parts)?;
    }
    for step in steps.iter() {
        report.row(&row(step.name, &step.samples))?;
    }
    for (name, samples) in &parts {
        report.row(&row(name, samples))?;
    }
    Ok(())
}

fn row(name: &str, samples: &Samples) -> Row {
    Row::new(BENCH, name)
        .figure("cpu_us", samples.median(Sample::cpu_us))
        .figure("p50_us", samples.percentile_us(50.0))
        .figure("p99_us", samples.percentile_us(99.0))
}

impl<'a> Step<'a> {
    fn new(name: &'static str, host: &'a Host, message: impl Fn(usize) -> Message + 'a) -> Self {
        Self {
            name,
            host,
            message: Box::new(message),
            samples: Samples::default(),
        }
    }

    /// One message after the other on one thread.
    fn measure(&self, span: Duration) -> Result<Sample> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut once = |number: usize| {
            let answer = runtime.block_on(self.host.send((self.message)(number)));
            match answer {
                Ok(_) => Ok(()),
                Err(failure) if failure.code == vestibule::error::Code::NotFound => Ok(()),
                Err(failure) => bail!("{}: {failure}", self.name),
            }
        };
        on_this_thread(span / 10, &mut once)?;
        let cpu = Cpu::of_this_process()?;
        let mut sample = on_this_thread(span, once)?;
        // The epoch ticker is part of what a sandbox costs.
        sample.cpu = Cpu::of_this_process()?.since(&cpu);
        Ok(sample)
    }
}

/// What the parts cost outside the sandbox.
fn native_parts(
    native: &Native,
    tokens: &[String],
    span: Duration,
    parts: &mut [(&str, Samples); 4],
) -> Result<()> {
    native.use_on_this_thread();
    let span = span / 2;
    parts[0].1.0.push(on_this_thread(span, |number| {
        native
            .verify_token(&fixture::verify_payload(&tokens[number % tokens.len()]))
            .map(drop)
    })?);
    let sessions: Vec<[String; 2]> = tokens
        .iter()
        .map(|token| places(token))
        .collect::<Result<_>>()?;
    parts[1].1.0.push(on_this_thread(span, |number| {
        native.read(&sessions[number % sessions.len()])
    })?);
    let key = KeyPair::new()?;
    parts[2].1.0.push(on_this_thread(span, |_| key.verify())?);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    parts[3].1.0.push(on_this_thread(span, |_| {
        Ok(runtime.block_on(async { tokio::spawn(async {}).await })?)
    })?);
    Ok(())
}

/// The keys that verifying `token` reads.
fn places(token: &str) -> Result<[String; 2]> {
    let claims = claims(token)?;
    let text = |name: &str| {
        claims[name]
            .as_str()
            .map(str::to_owned)
            .context("a claim is missing")
    };
    Ok([
        format!("family/{}", text("sid")?),
        format!("denied/{}", text("jti")?),
    ])
}

/// The claims of a token that we issued.
fn claims(token: &str) -> Result<Value> {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).context("no JWT")?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Tokens whose sessions have ended: the signature is good, and nothing else is left to do.
async fn ended_tokens(host: &Host) -> Result<Vec<String>> {
    let tokens = fixture::tokens(host, 100).await?;
    for token in &tokens {
        let claims = claims(token)?;
        let payload = json!({"id": claims["sub"], "session_id": claims["sid"]});
        let end = Message::new("token", "end-session", payload, Caller::service(None));
        host.send(end).await?;
    }
    Ok(tokens)
}

/// A signature of the size of a token's, by the code that the host uses.
struct KeyPair {
    public: aws_lc_rs::signature::ParsedPublicKey,
    message: Vec<u8>,
    signature: Arc<[u8]>,
}

impl KeyPair {
    fn new() -> Result<Self> {
        use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
        let pair = Ed25519KeyPair::generate()?;
        let message = vec![b'a'; 450];
        Ok(Self {
            public: ParsedPublicKey::new(&ED25519, pair.public_key().as_ref())?,
            signature: pair.sign(&message).as_ref().into(),
            message,
        })
    }

    fn verify(&self) -> Result<()> {
        Ok(self.public.verify_sig(&self.message, &self.signature)?)
    }
}
