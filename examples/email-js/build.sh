#!/usr/bin/env bash
# Tests and builds the component: dist/email.wasm. Needs node and npm.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --silent
npm test --silent
npm run build --silent
