#!/usr/bin/env bash
# Makes a project with `vestibule component new` in each language, of a channel of the bundle and of a new one, tests and builds it as its
# README says, and has a server load what comes of it and answer. Needs node and npm for JavaScript: `run.sh rust` goes without.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --locked -p vestibule
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
folder=$(mktemp -d)
program=$folder/vestibule
cp "$target/debug/vestibule" "$program"
server=
stop() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    server=
}
trap 'stop; rm -rf "$folder"' EXIT

# The projects' own target folder is theirs; what they have in common is built once.
build_rust() {
    cargo test --quiet --workspace --target-dir "$target/authoring" >/dev/null
    cargo build --quiet --package "$1" --target wasm32-wasip2 --profile guest --target-dir "$target/authoring"
    mkdir -p target/wasm32-wasip2/guest
    cp "$target/authoring/wasm32-wasip2/guest/$1.wasm" target/wasm32-wasip2/guest/
}
build_js() {
    npm ci --ignore-scripts --no-audit --no-fund --silent
    npm test --silent >/dev/null
    npm run build --silent
}

# Starts a server by the project's configuration.
serve() {
    rm -rf data listening
    mkfifo listening
    "$program" serve --json --config vestibule.toml --listen 127.0.0.1:0 --admin 127.0.0.1:0 >listening 2>log &
    server=$!
    read -r line <listening || { cat log >&2; exit 1; }
    url=http://$(sed 's/.*"url":"http:\/\/\([^"]*\)".*/\1/' <<<"$line")
    admin=http://$(sed 's/.*"admin":"http:\/\/\([^"]*\)".*/\1/' <<<"$line")
}
call() { "$program" call --url "$url" "$@"; }
refused() { ! call "$@" 2>refusal && grep -q "$code" refusal; }

try_email() {
    call email send-verify-email '{"email": "Ada@Example.org", "token": "t"}'
    code=validation-failed refused email send-verify-email '{"email": "ada", "token": "t"}'
    "$program" mail list --url "$admin" | grep -q "ada@example.org"
}
try_notes() {
    call notes keep-note '{"text": "milk"}' --as ada
    call notes read-note --as ada --json | grep -q '"milk"'
    code=access-denied refused notes keep-note '{"text": "milk"}'
    code=validation-failed refused notes keep-note '{"text": ""}' --as ada
}

for language in ${*:-rust js}; do
    for channel in email notes; do
        printf '\n== %s in %s\n' "$channel" "$language"
        project=$folder/$language/$channel
        "$program" component new --channel "$channel" --lang "$language" --dir "$project"
        # What is there is not written over.
        if "$program" component new --channel "$channel" --lang "$language" --dir "$project" 2>/dev/null; then exit 1; fi
        cd "$project"
        "build_$language" "$channel"
        artefact=$(sed -n 's/^file = "\(.*\)"/\1/p' vestibule.toml)
        own=()
        [ ! -d conformance ] || own=(--scenarios conformance)
        "$program" component conformance "$channel" "$artefact" "${own[@]}" | tail -n 1
        serve
        "try_$channel"
        # It is this build that answered.
        found=$("$program" component inspect "$channel" --url "$admin" --json | sed 's/.*"digest":"\([^"]*\)".*/\1/')
        built=$(sha256sum "$artefact" | cut -d ' ' -f 1)
        [ "$found" = "$built" ]
        stop
    done
done
