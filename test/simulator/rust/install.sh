#!/bin/sh
# Gets mcumgrctl, the Rust client, for the interop tests: built from crates.io into the cache. Idempotent; prints the folder. Needs
# cargo; on Debian libdbus-1-dev and libudev-dev too. Nothing of it goes into the repository.
set -eu

# The version is part of the name: another one is another folder.
FOLDER="${XDG_CACHE_HOME:-$HOME/.cache}/certline/mcumgrctl-0.20.0"

if [ ! -x "$FOLDER/bin/mcumgrctl" ]; then
  command -v cargo >/dev/null || { echo "mcumgrctl: there is no cargo here" >&2; exit 3; }
  if command -v apt-get >/dev/null && ! pkg-config --exists dbus-1 libudev 2>/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y pkg-config libdbus-1-dev libudev-dev >&2
  fi
  WORK="$FOLDER.$$"
  trap 'rm -rf "$WORK"' EXIT
  cargo install --quiet --locked mcumgrctl --version 0.20.0 --root "$WORK" >&2 ||
    { echo "mcumgrctl: cargo could not build it" >&2; exit 3; }
  # Complete, so it may be found.
  mv "$WORK" "$FOLDER"
fi

echo "$FOLDER"
