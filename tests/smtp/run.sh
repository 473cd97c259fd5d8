#!/usr/bin/env bash
# The built program and a real mail server: up, down, refusing, slow, over TLS, and across kill -9. Needs node and npm.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --silent
cargo build --quiet --locked -p vestibule
VESTIBULE_PROGRAM=$(cd ../.. && cd "${CARGO_TARGET_DIR:-target}" && pwd)/debug/vestibule
export VESTIBULE_PROGRAM
node --test all.mjs
