#!/usr/bin/env bash
# Opens the pages of a server of its own, and its mails, in Chromium. Needs node and npm; `chromium.sh` finds or installs the
# browser (CHROMIUM names another). `run.sh FILE [OPTIONS]` runs one file instead of all tests.
set -euo pipefail
cd "$(dirname "$0")"
browser=$(./chromium.sh)
cargo build --quiet --locked -p vestibule
program=$(cd ../.. && cd "${CARGO_TARGET_DIR:-target}" && pwd)/debug/vestibule
folder=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

# It prints its addresses when it listens. No mail server: mail is captured. All that is asked comes from one source here.
mkfifo "$folder/listening"
export VESTIBULE_BUCKETS__SOURCE_{SIGN_UP,RESET_PASSWORD,RESEND_VERIFICATION,NEW_PASSWORD}__BURST=1000
export VESTIBULE_BUCKETS__SOURCE_{SIGN_UP,RESET_PASSWORD,RESEND_VERIFICATION,NEW_PASSWORD}__PERIOD_MS=1000
"$program" serve --json --data "$folder/data" --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$folder/listening" 2>"$folder/log" &
server=$!
read -r listening <"$folder/listening" || { cat "$folder/log" >&2; exit 1; }
address() { node -p 'JSON.parse(process.argv[1])[process.argv[2]]' "$listening" "$1"; }
run() {
    node "$1" --url "$(address url)" --admin "$(address admin)" --data "$folder/data" --browser "$browser" "${@:2}"
}
status=0
if [ $# -gt 0 ]; then
    run "$@" || status=$?
else
    for file in pages operator mails; do run $file.mjs || status=$?; done
fi
[ $status -eq 0 ] || cat "$folder/log" >&2
exit $status
