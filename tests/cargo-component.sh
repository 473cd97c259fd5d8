#!/usr/bin/env bash
# Builds every guest with cargo-component (installing it when it is missing) and runs the component suites on the result.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo component --version >/dev/null 2>&1 || cargo install --locked cargo-component@0.21.1
target=${CARGO_TARGET_DIR:-target}/cargo-component
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
for guest in components/*/Cargo.toml; do
    grep -q '^\[package.metadata.component\]' "$guest" || continue
    name=$(basename "$(dirname "$guest")")
    (cd "components/$name" && cargo component build --release --target-dir "../../$target")
    cp "$target"/wasm32-wasip1/release/"${name//-/_}".wasm "$built/$name.wasm"
done
VESTIBULE_COMPONENTS=$built cargo test --test conformance --test token --test accounts
