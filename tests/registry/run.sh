#!/usr/bin/env bash
# The built program and a real registry (the CNCF's distribution): builds stored, fetched and refused, with accounts and over
# TLS, and read and written by a stranger's client. Needs node, openssl, and a registry (find.sh).
set -euo pipefail
cd "$(dirname "$0")"
cargo=${CARGO:-cargo}
target=$(mkdir -p "${CARGO_TARGET_DIR:-../../target}" && cd "${CARGO_TARGET_DIR:-../../target}" && pwd)
export CARGO_TARGET_DIR=$target
registry=${REGISTRY_PROGRAM:-$(./find.sh "$target")}
$cargo build --quiet --locked --manifest-path interop/Cargo.toml
# A build to work with: the token component, as it is bundled.
build=$($cargo build --quiet --locked -p bundle --message-format json | node component.mjs token)
$cargo build --quiet --locked -p vestibule

VESTIBULE_PROGRAM=$target/debug/vestibule INTEROP_PROGRAM=$target/debug/interop REGISTRY_PROGRAM=$registry BUILD=$build \
    node --test all.mjs
