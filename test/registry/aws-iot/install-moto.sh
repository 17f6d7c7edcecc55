#!/bin/sh
# Gets moto, a server that answers as AWS does, in a virtual environment in the cache. Idempotent; prints the folder. Nothing of
# it goes into the repository. Tests that miss it are skipped by name.
set -eu

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline"
FOLDER="$CACHE/moto-5.2.1"

sh "$(dirname "$0")/../../support/python-environment.sh" moto "$FOLDER" \
  'moto[iot,server]==5.2.1'

echo "$FOLDER"
