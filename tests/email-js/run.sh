#!/usr/bin/env bash
# Builds the email channel in JavaScript, plays the scenarios with it in the place of the bundled build, and compares the two: answers,
# words, links and looks. Needs node and npm.
set -euo pipefail
cd "$(dirname "$0")/../.."
examples/email-js/build.sh
cargo build --quiet --locked -p vestibule
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
node tests/email-js/compare.mjs "$target/debug/vestibule" examples/email-js/dist/email.wasm

# The bundle, with it in.
bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT
for channel in accounts api-tokens authorization token users; do
    built=$target/guests/wasm32-wasip2/guest/${channel//-/_}.wasm
    [ -z "${VESTIBULE_COMPONENTS:-}" ] || built=$VESTIBULE_COMPONENTS/$channel.wasm
    cp "$built" "$bundle/$channel.wasm"
done
cp examples/email-js/dist/email.wasm "$bundle/"
VESTIBULE_COMPONENTS=$bundle cargo test --locked -p vestibule-tests --test conformance
