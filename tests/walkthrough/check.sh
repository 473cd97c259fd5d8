#!/usr/bin/env bash
# Plays the walkthrough and compares it with docs/walkthrough.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/walkthrough.sh" | diff -u "$here/../../docs/walkthrough.md" - && echo "the walkthrough prints what docs/walkthrough.md says"
