#!/bin/sh
# Gets the SMP clients of others that talk to a virtual board in the interop tests: Python's smpclient, smpmgr and
# mcumgr-toolkit, in a virtual environment in the cache. Idempotent; prints the folder. Nothing of it goes into the repository.
set -eu

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline"
FOLDER="$CACHE/python-smp-7.3.0-0.19.1-0.20.0"

sh "$(dirname "$0")/../../support/python-environment.sh" 'python clients' "$FOLDER" \
  'smpclient[serial]==7.3.0' smpmgr==0.19.1 mcumgr-toolkit==0.20.0

echo "$FOLDER"
