#!/usr/bin/env bash
# Opens the pages of a server of its own in Chromium. Needs node, npm and a Chromium (BROWSER, else /usr/bin/chromium).
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --silent
cargo build --quiet --locked -p vestibule
program=$(cd ../.. && cd "${CARGO_TARGET_DIR:-target}" && pwd)/debug/vestibule
folder=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

# It prints its addresses when it listens. No mail server: mail is captured.
mkfifo "$folder/listening"
VESTIBULE_PLANES__PUBLIC="accounts/sign-up,accounts/sign-in,accounts/verify-email,accounts/resend-verification,accounts/reset-password,accounts/new-password" \
    "$program" serve --json --data "$folder/data" --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$folder/listening" 2>"$folder/log" &
server=$!
read -r listening <"$folder/listening" || { cat "$folder/log" >&2; exit 1; }
address() { node -p 'JSON.parse(process.argv[1])[process.argv[2]]' "$listening" "$1"; }
status=0
node "${1:-pages.mjs}" --url "$(address url)" --admin "$(address admin)" --data "$folder/data" \
    --browser "${BROWSER:-/usr/bin/chromium}" "${@:2}" || status=$?
[ $status -eq 0 ] || cat "$folder/log" >&2
exit $status
