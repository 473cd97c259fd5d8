#!/usr/bin/env bash
# The built program and a real registry (the CNCF's distribution): builds stored, fetched and refused, with accounts and over
# TLS, and read and written by a stranger's client. Needs node, openssl, and `docker-registry` or `registry` on the path; on
# Debian its package is fetched, and unpacked beside the build, when there is none.
set -euo pipefail
cd "$(dirname "$0")"
cargo=${CARGO:-cargo}
$cargo build --quiet --locked -p vestibule
$cargo build --quiet --locked --manifest-path interop/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-../../target}"
target=$(cd ../.. && cd "${CARGO_TARGET_DIR:-target}" && pwd)

registry=$(command -v docker-registry || command -v registry || true)
if [ -z "$registry" ]; then
    registry=$target/docker-registry/usr/bin/docker-registry
    if [ ! -x "$registry" ]; then
        fetched=$(mktemp -d)
        (cd "$fetched" && apt-get download --quiet docker-registry)
        dpkg-deb -x "$fetched"/docker-registry_*.deb "$target/docker-registry"
        rm -rf "$fetched"
    fi
fi

# A build to work with: the token component, as it is bundled.
bundled=$($cargo build --quiet --locked -p bundle --message-format json | node component.mjs token)

VESTIBULE_PROGRAM=$target/debug/vestibule INTEROP_PROGRAM=$target/debug/interop REGISTRY_PROGRAM=$registry BUILD=$bundled \
    node --test all.mjs
