#!/bin/sh
# python-environment.sh WHAT FOLDER PIP-ARGUMENT...: makes a virtual environment with what pip installs; nothing where it is there.
# The versions should be part of the folder's name: another set is another environment.
set -eu
what=$1
folder=$2
shift 2

[ ! -d "$folder" ] || exit 0
mkdir -p "$(dirname "$folder")"
work="$folder.$$"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work" || { echo "$what: python3 has no venv module; install python3-venv" >&2; exit 3; }
"$work/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2 ||
  { echo "$what: pip could not install it" >&2; exit 3; }
# Complete, so it may be found; the scripts in bin/ still name the working folder and are not used.
mv "$work" "$folder"
