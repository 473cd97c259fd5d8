//! The fuzz bodies over their corpus and a minute of input made from it. `just fuzz` runs the same bodies under cargo-fuzz.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, RngExt as _, SeedableRng};

/// How long inputs are made for one body. It bounds the work; no result depends on it.
const BUDGET: Duration = Duration::from_secs(60);

/// The longest input, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Pieces that a mutation puts in: what parsers stumble over.
const PIECES: [&[u8]; 17] = [
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[",
    b".",
    b"\xff\xfe",
    b"1e999",
    b"-0",
    b"null",
    b"eyJ",
    b"=",
    b"\n",
    b"\0",
    // Of protobuf: the largest number, a length beyond the end, the end of a group that never began.
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x0a\x7f",
    b"\x0c",
];

#[test]
fn requests() {
    fuzz("json", 1, vestibule::contract::fuzz::json_to_val);
}

#[test]
fn refresh_tokens() {
    // F06
    fuzz("token", 2, token::fuzz::refresh_token);
}

#[test]
fn access_tokens() {
    // F06
    fuzz("token", 3, token::fuzz::access_token);
}

#[test]
fn configurations() {
    fuzz("config", 4, vestibule::config::fuzz);
}

#[test]
fn manifests_and_documentation() {
    fuzz("manifest", 5, |data| {
        vestibule::contract::fuzz::manifest(data);
        vestibule::contract::fuzz::documentation(data);
    });
}

#[test]
fn grpc_requests() {
    fuzz("grpc", 6, vestibule::transport::fuzz);
}

fn fuzz(corpus: &str, seed: u64, body: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(corpus);
    let mut inputs = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        inputs.push(fs::read(file.unwrap().path()).unwrap());
    }
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    inputs.iter().for_each(|input| body(input));
    let mut random = StdRng::seed_from_u64(seed);
    let started = Instant::now();
    let mut made = 0_u64;
    while started.elapsed() < BUDGET {
        for _ in 0..64 {
            body(&mutant(&inputs, &mut random));
            made += 1;
        }
    }
    assert!(made > 100, "only {made} inputs were tried");
}

/// An input of the corpus with some changes.
fn mutant(inputs: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut input = inputs[random.random_range(0..inputs.len())].clone();
    for _ in 0..random.random_range(1..8) {
        let at = random.random_range(0..=input.len());
        match random.random_range(0..6) {
            0 => drop(input.drain(at..(at + random.random_range(0..16)).min(input.len()))),
            1 => drop(input.splice(
                at..at,
                PIECES[random.random_range(0..PIECES.len())].iter().copied(),
            )),
            2 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = (random.next_u32() & 0xff) as u8;
                }
            }
            3 => {
                let other = &inputs[random.random_range(0..inputs.len())];
                let from = random.random_range(0..=other.len());
                input.splice(at.., other[from..].iter().copied());
            }
            4 => {
                let copy = input[at..(at + random.random_range(0..64)).min(input.len())].to_vec();
                input.splice(at..at, copy.repeat(random.random_range(1..6)));
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
        }
        input.truncate(MAX_BYTES);
    }
    input
}
