# Recipes for work on Vestibule. `just` lists them.

# The recipes.
default:
    @just --list

# Everything that a change must pass: format, lints, documentation, tests.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
    cargo test --workspace

# Start a server in ./data.
serve *ARGS:
    cargo run --release -- serve {{ARGS}}

# Benchmarks: a table, and JSON lines in target/bench.jsonl.
bench *ARGS:
    cargo run --release -p vestibule-benches -- {{ARGS}}

# What the time of a uniform answer tells: a table, and JSON lines in target/timing.jsonl.
timing *ARGS:
    cargo run --release -p vestibule-benches -- timing --json target/timing.jsonl {{ARGS}}

# The security checklist: each item with its tests, and the items that have none.
checklist:
    cargo run -q -p vestibule-tests --bin checklist

# Write the walkthrough anew from a real run.
walkthrough:
    tests/walkthrough/walkthrough.sh > docs/walkthrough.md

# Write docs/wit anew from the WIT.
wit-reference:
    cargo run -q -p vestibule-tests --bin wit-reference

# Check /openapi.json and /asyncapi.json with their official validators (needs node).
validators:
    tests/validators/run.sh

# One scenario over HTTP, gRPC and gRPC-Web, with clients in Python, Node and Chromium (needs python3 and node): a table.
conformance:
    tests/clients/run.sh

# Of the changes that cargo-mutants makes to the components, how many conformance alone notices (takes hours).
mutants *COMPONENTS:
    tests/mutants/run.sh {{COMPONENTS}}

# Open the pages of links, the operator's page for mails and the mails themselves in Chromium (needs node; installs Chromium).
browser *ARGS:
    tests/browser/run.sh {{ARGS}}

# Deliver mails to a real mail server: up, down, refusing, slow, and across kill -9 (needs node).
smtp:
    tests/smtp/run.sh

# Store builds in a real registry and fetch them (needs node, openssl and docker-registry, which is fetched on Debian).
registry:
    tests/registry/run.sh

# Build the email channel in JavaScript, play its scenarios and compare it with the bundled build (needs node).
email-js:
    tests/email-js/run.sh

# Make projects with `component new`, build them and have a server load them (`rust` or `js`: one language).
authoring *ARGS:
    tests/authoring/run.sh {{ARGS}}

# Take the pictures of docs/images anew.
pictures:
    VESTIBULE_SHARED__PUBLIC_ORIGIN=https://id.example.com tests/browser/run.sh pictures.mjs --pictures ../../docs/images

# Fuzz one target (json, token, config, grpc) under cargo-fuzz (installs it when it is missing; needs a nightly toolchain).
fuzz TARGET *ARGS:
    cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
    cargo +nightly fuzz run --fuzz-dir tests/fuzz {{TARGET}} -- {{ARGS}}

# Build every guest with cargo-component, and run the component suite on the result.
cargo-component:
    tests/cargo-component.sh

# Licences and advisories of the dependencies (installs cargo-deny when it is missing).
deny:
    cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
    cargo deny check licenses bans sources
