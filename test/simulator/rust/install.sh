#!/bin/sh
# Gets mcumgrctl, the Rust client, for the interop tests: built from crates.io into the cache. Idempotent; prints the folder. Needs
# cargo and a C linker. Nothing of it goes into the repository.
set -eu

# The version is part of the name: another one is another folder.
FOLDER="${XDG_CACHE_HOME:-$HOME/.cache}/certline/mcumgrctl-0.20.0"

if [ ! -x "$FOLDER/bin/mcumgrctl" ]; then
  command -v cargo >/dev/null || { echo "mcumgrctl: there is no cargo here" >&2; exit 3; }
  WORK="$FOLDER.$$"
  trap 'rm -rf "$WORK"' EXIT
  # Without Bluetooth, which needs the libraries of D-Bus, and without optimisation: half a minute of one core in the place of
  # several, for a program that waits for a serial port.
  CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug --no-default-features \
    mcumgrctl --version 0.20.0 --root "$WORK" >&2 ||
    { echo "mcumgrctl: cargo could not build it" >&2; exit 3; }
  # Complete, so it may be found.
  mv "$WORK" "$FOLDER"
fi

echo "$FOLDER"
