#!/usr/bin/env bash
# Changes the components' code as cargo-mutants would (installing it when it is missing), a mutant after the other, and lets
# conformance alone judge each. Writes docs/mutants.md. With names of components: only those.
#
# It takes hours. What is done already (target/mutants/*.jsonl) is not done again: remove that to begin anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo mutants --version >/dev/null 2>&1 || cargo install --locked cargo-mutants

if [ $# -eq 0 ]; then
    set -- accounts api-tokens authorization email token users
fi
# What no build changes by itself: bindings, imports, sections, and what only native tests use.
others=()
for name in component component.rs wasi wasi.rs sections.rs ports.rs testing testing.rs tests fuzz.rs; do
    others+=(--exclude "$name")
done

results=${CARGO_TARGET_DIR:-target}/mutants
mkdir -p "$results"
results=$(cd "$results" && pwd)
# Mutants are made in a copy: nothing of it can stay behind here.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [ -e "$file" ]; then
        cp --parents "$file" "$copy"
    fi
done

for component in "$@"; do
    list=$results/$component.list.json
    cargo mutants --list --json --package "$component" --file "components/$component/src/**/*.rs" \
        "${others[@]}" >"$list"
    cargo run --quiet -p vestibule-tests --bin mutants -- \
        judge "$copy" "$component" "$list" "$results/$component.jsonl"
done
cargo run --quiet -p vestibule-tests --bin mutants -- table "$results"/*.jsonl >docs/mutants.md
