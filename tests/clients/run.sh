#!/usr/bin/env bash
# Goes through scenario.json with clients in Python, Node and (if there is one) Chromium, over HTTP, gRPC and gRPC-Web, against a
# server of its own, and prints what came of each step; then many clients at once, until it is stopped. Needs python3 with venv, node and npm.
set -euo pipefail
cd "$(dirname "$0")"
cargo build --quiet --locked -p vestibule
target=$(cd ../.. && cd "${CARGO_TARGET_DIR:-target}" && pwd)
folder=$(mktemp -d)
server=
finish() {
    # It writes into the folder until it has ended.
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

# The stubs of a Python client, made by the protoc of grpcio-tools from nothing but the files in proto/.
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
mkdir "$folder/stubs" "$folder/results"
(cd ../../proto && "$folder/python/bin/python" -m grpc_tools.protoc -I . --python_out "$folder/stubs" --grpc_python_out "$folder/stubs" \
    --descriptor_set_out "$folder/services.binpb" --include_imports */v1/*.proto)
# Python has a package `test` of its own, which goes before a folder that is no package.
find "$folder/stubs" -type d -exec touch {}/__init__.py \;
npm ci --ignore-scripts --no-audit --no-fund --silent

# It prints its addresses when it listens. No mail server: mail is captured.
mkfifo "$folder/listening"
VESTIBULE_BUCKETS__API_TOKEN_CREATE__BURST=1000000 VESTIBULE_BUCKETS__API_TOKEN_CREATE__PERIOD_MS=60000 \
    "$target/debug/vestibule" serve --json --data "$folder/data" --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
    >"$folder/listening" 2>"$folder/log" &
server=$!
read -r listening <"$folder/listening" || { cat "$folder/log" >&2; exit 1; }
address() { node -p 'JSON.parse(process.argv[1])[process.argv[2]]' "$listening" "$1"; }
url=$(address url) admin=$(address admin)

browser=${CHROMIUM:-/usr/bin/chromium}
[ -x "$browser" ] || { browser=; echo "gRPC-Web in a browser is skipped: CHROMIUM names no program" >&2; }
status=0
"$folder/python/bin/python" client.py "$folder/stubs" "$url" "$admin" "$folder/data/operator.key" >"$folder/results/python.json" &&
    node client.mjs --url "$url" --admin "$admin" --data "$folder/data" --descriptors "$folder/services.binpb" \
        --results "$folder/results" ${browser:+--browser "$browser"} &&
    "$folder/python/bin/python" many.py "$folder/stubs" "$url" "$admin" "$folder/data/operator.key" "$server" || status=$?
if [ $status -eq 0 ]; then
    # It was stopped, and let its streams end.
    wait "$server" || status=$?
    server=
fi
[ $status -eq 0 ] || cat "$folder/log" >&2
exit $status
