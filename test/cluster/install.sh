#!/bin/sh
# Gets what the cluster test runs: Temporal's server and its schema tool, built from Go's module proxy, and Debian's
# PostgreSQL 15. Every module is pinned: the server's by the hash below, all others by its own go.sum. Idempotent; prints
# the folder of the programs. Needs Go 1.21 or later, which gets a newer Go by itself; four minutes on two cores, once.
set -eu

VERSION=1.31.2
SUM='h1:0O4zQ0NGRit2Z32s1XUHfs9k8zSKqff2n1QvFttYN0M='
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline/temporal-server"
PROGRAMS="$CACHE/$VERSION"

fail() {
  echo "cluster: $1" >&2
  exit 3
}

if [ ! -d "$PROGRAMS" ]; then
  command -v go >/dev/null || fail 'there is no Go here: install it (Debian: golang-go)'
  mkdir -p "$CACHE"
  WORK=$(mktemp -d "$CACHE/build.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  cd "$WORK"
  # Debian's Go gets the version that the server names, unless the machine forbids it and its own is new enough.
  go mod download -json "go.temporal.io/server@v$VERSION" >module.json || fail "Go could not get the server's source"
  grep -qF "\"Sum\": \"$SUM\"" module.json || fail 'the source is not the pinned one'
  SOURCE=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' module.json)
  for program in server:server tools/sql:sql-tool; do
    CGO_ENABLED=0 go build -C "$SOURCE" -mod=readonly -trimpath -ldflags '-s -w' \
      -o "$WORK/programs/temporal-${program#*:}" "./cmd/${program%:*}" >&2 || fail 'Go could not build the server'
  done
  # A rename is atomic: nobody ever sees half of it, not even when two of us run at once.
  mv -T "$WORK/programs" "$PROGRAMS" 2>/dev/null || [ -d "$PROGRAMS" ]
fi

if [ ! -x /usr/lib/postgresql/15/bin/initdb ]; then
  command -v apt-get >/dev/null || fail 'no PostgreSQL 15 here (/usr/lib/postgresql/15)'
  apt-get -qq update >&2 || true # an unreachable extra list need not matter
  apt-get -qq install -y --no-install-recommends postgresql-15 >&2 || fail 'PostgreSQL 15 could not be installed'
fi

echo "$PROGRAMS"
