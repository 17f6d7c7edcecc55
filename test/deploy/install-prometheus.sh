#!/bin/sh
# Gets Prometheus and its promtool, with which the tests check the alert rules: the programs of Debian's package, unpacked
# into the user's cache, so that no service starts. Idempotent; prints their folder. Tests that miss them are skipped by name.
set -eu

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline/prometheus"

if [ ! -x "$CACHE/usr/bin/promtool" ]; then
  command -v apt-get >/dev/null || { echo 'prometheus: there is no apt-get here' >&2; exit 3; }
  mkdir -p "$CACHE"
  WORK=$(mktemp -d "$CACHE.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  cd "$WORK"
  apt-get update -qq >&2 || true # an unreachable extra list need not matter
  # apt-get checks the package by the signed lists of the distribution.
  apt-get download -qq prometheus >&2
  dpkg-deb --extract prometheus_*.deb unpacked
  mkdir -p "$CACHE/usr/bin"
  mv unpacked/usr/bin/prometheus unpacked/usr/bin/promtool "$CACHE/usr/bin/"
fi
echo "$CACHE/usr/bin"
