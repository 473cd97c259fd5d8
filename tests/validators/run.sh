#!/usr/bin/env bash
# Checks the documents derived from the bundled components with the validators of their specifications. Needs node and npm.
set -euo pipefail
cd "$(dirname "$0")"
documents=$(mktemp -d)
trap 'rm -rf "$documents"' EXIT
cargo run --quiet --locked -p vestibule --example documents -- token "$documents"
npm install --ignore-scripts --no-package-lock --no-audit --no-fund --silent
node validate.mjs "$documents/openapi.json" "$documents/asyncapi.json"
