#!/usr/bin/env bash
# Prints where a Chromium is; where there is none, installs one: by apt if this is root on a machine that has it, else the one
# that playwright brings. Fails, and says so, where neither can be had.
set -euo pipefail
cd "$(dirname "$0")"

# Being there is not enough: libraries may be missing, or it is a stub that asks for another way to install it.
starts() {
    timeout 60 "$1" --headless --no-sandbox --disable-gpu --dump-dom about:blank >/dev/null 2>&1
}

find_one() {
    local name
    # What playwright brought before is the last choice.
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome "$(brought)"; do
        if [ -n "$name" ] && command -v "$name" >/dev/null && starts "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

brought() {
    node --input-type=module -e 'import { chromium } from "playwright-core"; console.log(chromium.executablePath());' 2>/dev/null || true
}

npm ci --ignore-scripts --no-audit --no-fund --silent >&2
find_one && exit
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >&2 || true
    find_one && exit
fi
node node_modules/playwright-core/cli.js install --no-shell chromium >&2 || true
find_one && exit
echo "there is no Chromium, and none could be installed" >&2
exit 1
