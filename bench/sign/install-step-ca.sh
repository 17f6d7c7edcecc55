#!/bin/sh
# Builds step-ca in the user's cache folder, once. Prints the program's path; needs Go.
set -eu
export PATH="$PATH:/usr/local/go/bin"
BIN="${XDG_CACHE_HOME:-$HOME/.cache}/certline/step-ca-0.30.2"
if [ ! -x "$BIN/step-ca" ]; then
  command -v go >/dev/null || { echo "Go is not installed" >&2; exit 1; }
  # Without cgo it needs no library of a token; go puts the program in place when it is whole.
  CGO_ENABLED=0 GOBIN="$BIN" go install github.com/smallstep/certificates/cmd/step-ca@v0.30.2 >&2
fi
echo "$BIN/step-ca"
