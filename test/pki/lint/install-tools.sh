#!/bin/sh
# Installs what the tests of pki/ compare with on Debian: openssl, GnuTLS's certtool, NSS's certutil, mbedTLS and a
# compiler, PostgreSQL 15; and, in the user's cache, Go's crypto/x509 with zlint (Go 1.25 or later) and pkilint (Python).
# Run as root. Tests that miss one are skipped by name.
set -eu
here=$(dirname "$0")
cache="${XDG_CACHE_HOME:-$HOME/.cache}/certline/verifiers"
apt-get update -qq || true # an unreachable extra list need not matter
apt-get install -y -qq --no-install-recommends \
  openssl gnutls-bin libnss3-tools libmbedtls-dev gcc libc6-dev postgresql-15 python3-venv
mkdir -p "$cache"
if command -v go >/dev/null; then go build -C "$here/verifiers/go-verify" -o "$cache/go-verify" .; fi
# Made again from the start: one that was left half made, or by another Python, does not work.
python3 -m venv --clear "$cache/pkilint"
"$cache/pkilint/bin/pip" install -q pkilint==0.13.3
