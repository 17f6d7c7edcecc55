#!/bin/sh
# The Python SMP clients the benchmark compares with, in a virtual environment in the cache. Prints its python.
set -eu
VENV="${XDG_CACHE_HOME:-$HOME/.cache}/certline/smp-peers"
if [ ! -e "$VENV/complete" ]; then
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check 'smpclient[serial]==7.3.0' 'mcumgr-toolkit==0.20.0' >&2
  touch "$VENV/complete"
fi
echo "$VENV/bin/python"
