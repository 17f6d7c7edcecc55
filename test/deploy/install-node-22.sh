#!/bin/sh
# Gets the oldest Node.js on which an installed Certline runs, from npm. Idempotent; prints the folder of `node`. Tests that
# miss it are skipped by name.
set -eu

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline/node-22"
PACKAGE="node-linux-$(node -p process.arch)"

if [ ! -x "$CACHE/bin/node" ]; then
  mkdir -p "$CACHE/bin"
  WORK=$(mktemp -d "$CACHE/install.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  npm install --prefix "$WORK" --no-save --no-audit --no-fund "$PACKAGE@22.20.0" >&2
  mv "$WORK/node_modules/$PACKAGE/bin/node" "$CACHE/bin/node"
fi
echo "$CACHE/bin"
