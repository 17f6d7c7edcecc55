#!/bin/sh
# Gets what opens the answers of Certline in the tests beside this file: pandas, in a virtual environment in the cache, and
# LibreOffice Calc without a display (90 MB of Debian packages; for that, run as root). Idempotent; prints the folder of pandas.
# Tests that miss one of them are skipped by name.
set -eu

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline"
FOLDER="$CACHE/pandas-2.3.3-lxml-6.0.2"

sh "$(dirname "$0")/../../support/python-environment.sh" pandas "$FOLDER" \
  --only-binary :all: pandas==2.3.3 lxml==6.0.2

if ! command -v soffice >/dev/null; then
  apt-get update -qq || true # an unreachable extra list need not matter
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-calc-nogui >&2
fi

echo "$FOLDER"
