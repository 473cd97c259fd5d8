//! `Pong` and `SignIn` over gRPC, with the same over HTTP beside them, in turns.
//!
//! `Pong` is the check of an access token in a fresh sandbox and nothing else; over HTTP that is `verify-token`, which a service asks with its key.
//! Streams share one connection, as those of a gRPC channel do; over HTTP/1.1 each has a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::runtime::Runtime;
use vestibule::config::Config;

use crate::Options;
use crate::client::{self, IsGood, has, is_valid, request, strangers_request};
use crate::fixture::{TOKENS, unlimited, verify_payload};
use crate::grpc_client::{self, Asked, Load};
use crate::measure::{Sample, Samples};
use crate::people::{PASSWORD, address};
use crate::report::{Report, Row};
use crate::server::{Server, build_vestibule};

const BENCH: &str = "grpc";

/// Streams, or connections.
const AT_ONCE: [usize; 2] = [16, 64];

/// Who signs in, in turn.
const PEOPLE: usize = 200;

/// `accounts.v1.SignInRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct SignInRequest {
    #[prost(string, tag = "1")]
    email: String,
    #[prost(string, tag = "2")]
    password: String,
}

/// One thing to ask for, by two ways.
struct Case {
    name: &'static str,
    grpc: Arc<Load>,
    http: Arc<[Vec<u8>]>,
    is_good: IsGood,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(n) Pong and SignIn over gRPC, beside HTTP")?;
    let runtime = vestibule::runtime().build()?;
    let program = build_vestibule()?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let data = folder.path().join("data");
    let mut server = Server::configured(&program, &data, configuration())?;
    let cases = [
        pong(&runtime, &mut server)?,
        sign_in(&runtime, &mut server)?,
    ];
    for case in &cases {
        for at_once in AT_ONCE {
            let (mut grpc, mut http) = (Samples::default(), Samples::default());
            for _ in 0..options.rounds {
                http.0.push(warm(options.span, |span| {
                    case.over_http(&runtime, &server, at_once, span)
                })?);
                grpc.0.push(warm(options.span, |span| {
                    case.over_grpc(&runtime, &server, at_once, span)
                })?);
            }
            let name = case.name;
            report.row(&row(&format!("{name}, HTTP, {at_once} connections"), &http))?;
            let row = row(&format!("{name}, gRPC, {at_once} streams"), &grpc)
                .figure("of_http", grpc.ratio(&http, Sample::rate))
                .figure("of_http_cpu", grpc.ratio(&http, Sample::rate_per_core));
            report.row(&row)?;
        }
    }
    Ok(())
}

/// Nobody is refused: neither by a bucket, nor because too many wait for a hash.
fn configuration() -> Config {
    let mut config = Config::default();
    unlimited(&mut config);
    config.limits.concurrent = 192;
    config.passwords.queue = 128;
    config
}

fn warm(span: Duration, flood: impl Fn(Duration) -> Result<Sample>) -> Result<Sample> {
    flood(span / 10)?;
    flood(span)
}

fn pong(runtime: &Runtime, server: &mut Server) -> Result<Case> {
    let tokens = runtime.block_on(server.tokens(TOKENS))?;
    let key = server.operator_key()?;
    let verify = |token: &String| request(&key, "token/verify-token", &verify_payload(token));
    let ask = |token: &String| Asked::new(&(), Some(token));
    let asked = tokens.iter().map(ask).collect::<Result<_>>()?;
    Ok(Case {
        name: "Pong",
        grpc: Load::new("/test.v1.TestAuthService/Pong", asked, None),
        http: tokens.iter().map(verify).collect(),
        is_good: is_valid,
    })
}

fn sign_in(runtime: &Runtime, server: &mut Server) -> Result<Case> {
    let register = |number| json!({"email": address("person", number), "password": PASSWORD});
    let made = runtime.block_on(server.ask("authorization/registration", PEOPLE, register))?;
    ensure!(made.len() == PEOPLE, "somebody was not registered");
    let ask = |number| {
        let request = SignInRequest {
            email: address("person", number),
            password: PASSWORD.to_owned(),
        };
        Asked::new(&request, None)
    };
    let asked = (0..PEOPLE).map(ask).collect::<Result<_>>()?;
    let path = "/accounts.v1.PublicAccountsService/SignIn";
    Ok(Case {
        name: "SignIn",
        grpc: Load::new(path, asked, Some("x-access-token")),
        http: (0..PEOPLE)
            .map(|number| strangers_request("accounts/sign-in", &register(number)))
            .collect(),
        is_good: |body| has(body, b"\"access_token\""),
    })
}

impl Case {
    fn over_http(
        &self,
        runtime: &Runtime,
        server: &Server,
        connections: usize,
        span: Duration,
    ) -> Result<Sample> {
        client::flood(
            runtime,
            server.address,
            connections,
            &self.http,
            self.is_good,
            span,
            server.id(),
        )
    }

    fn over_grpc(
        &self,
        runtime: &Runtime,
        server: &Server,
        streams: usize,
        span: Duration,
    ) -> Result<Sample> {
        let (address, pid) = (server.address, server.id());
        grpc_client::flood(runtime, address, streams, &self.grpc, span, pid)
    }
}

fn row(name: &str, samples: &Samples) -> Row {
    Row::new(BENCH, name)
        .figure("rate_s", samples.median(Sample::rate))
        .figure("server_cpu_us", samples.median(Sample::cpu_us))
        .figure("server_cores", samples.median(Sample::cores))
        .figure("p50_us", samples.percentile_us(50.0))
        .figure("p99_us", samples.percentile_us(99.0))
}
