#!/usr/bin/env bash
# Prints where a registry program is: one on the path, or that of Debian's package, which is unpacked into the folder that is
# named and not installed. Fails if there is none to be had.
set -euo pipefail
command -v docker-registry && exit
command -v registry && exit
program=$1/docker-registry/usr/bin/docker-registry
if [ ! -x "$program" ]; then
    fetched=$(mktemp -d)
    trap 'rm -rf "$fetched"' EXIT
    fetch() { (cd "$fetched" && apt-get download --quiet docker-registry); }
    { fetch || { apt-get update -qq && fetch; }; } >&2
    dpkg-deb -x "$fetched"/docker-registry_*.deb "$1/docker-registry"
fi
echo "$program"
