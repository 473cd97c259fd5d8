#!/usr/bin/env bash
# Plays the walkthrough and compares it with docs/walkthrough.md. The section that needs PyPI is not compared where it cannot be played.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
printed=$(mktemp)
documented=$(mktemp)
trap 'rm -f "$printed" "$documented"' EXIT
"$here/walkthrough.sh" >"$printed"
if grep -q '^<!-- needs PyPI -->$' "$printed"; then
    cp "$here/../../docs/walkthrough.md" "$documented"
else
    sed '/^<!-- needs PyPI -->$/,/^<!-- up to here -->$/d' "$here/../../docs/walkthrough.md" >"$documented"
fi
diff -u "$documented" "$printed" && echo "the walkthrough prints what docs/walkthrough.md says"
