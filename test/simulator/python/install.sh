#!/bin/sh
# Gets the SMP clients of others that talk to a virtual board in the interop tests: Python's smpclient, smpmgr and
# mcumgr-toolkit, in a virtual environment in the cache. Idempotent; prints the folder. Nothing of it goes into the repository.
set -eu

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline"
# The versions are part of the name: another set is another environment.
FOLDER="$CACHE/python-smp-7.3.0-0.19.1-0.20.0"

if [ ! -d "$FOLDER" ]; then
  mkdir -p "$CACHE"
  WORK="$FOLDER.$$"
  trap 'rm -rf "$WORK"' EXIT
  python3 -m venv "$WORK" || { echo "python clients: python3 has no venv module; install python3-venv" >&2; exit 3; }
  "$WORK/bin/python" -m pip install --quiet --disable-pip-version-check \
    'smpclient[serial]==7.3.0' smpmgr==0.19.1 mcumgr-toolkit==0.20.0 >&2 ||
    { echo "python clients: pip could not install them" >&2; exit 3; }
  # Complete, so it may be found; the scripts in bin/ still name the working folder and are not used.
  mv "$WORK" "$FOLDER"
fi

echo "$FOLDER"
