#!/bin/sh
# Gets the SMP servers of real Zephyr 4.4.0 that the interop tests run against: 32-bit Linux programs inside the source
# package of the Python library smpclient. Idempotent; prints the folder. Nothing of it goes into the repository.
set -eu

VERSION=7.3.0
SHA256=86aa4bc1c621805d97f449793a4077f049aa88a98a1e916bf59423d072bd2a3b
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/certline/zephyr"
SERVERS="$CACHE/smpclient-$VERSION/tests/fixtures/smp-server"

fail() {
  echo "zephyr servers: $1" >&2
  exit 3
}

if [ ! -d "$SERVERS" ]; then
  mkdir -p "$CACHE"
  WORK=$(mktemp -d "$CACHE/download.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  echo "smpclient==$VERSION --hash=sha256:$SHA256" >"$WORK/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary smpclient --require-hashes \
    --dest "$WORK" --requirement "$WORK/requirements.txt" >&2 || fail "pip could not get smpclient $VERSION"
  echo "$SHA256  $WORK/smpclient-$VERSION.tar.gz" | sha256sum --check --quiet >&2 || fail "the package is not the pinned one"
  tar -xzf "$WORK/smpclient-$VERSION.tar.gz" -C "$WORK"
  # A rename is atomic: nobody ever sees half of it, not even when two of us run at once.
  mv -T "$WORK/smpclient-$VERSION" "$CACHE/smpclient-$VERSION" 2>/dev/null || [ -d "$SERVERS" ]
fi

if [ ! -e /lib/ld-linux.so.2 ] && [ ! -e /usr/lib/ld-linux.so.2 ]; then
  command -v apt-get >/dev/null || fail "no 32-bit C library here (ld-linux.so.2); install your system's i386 libc"
  [ "$(id -u)" = 0 ] || fail "run as root once, or: dpkg --add-architecture i386; apt-get update; apt-get install libc6:i386"
  dpkg --add-architecture i386
  apt-get -qq update >&2 || true # an unreachable extra list need not matter
  apt-get -qq install -y --no-install-recommends libc6:i386 >&2 || fail "libc6:i386 could not be installed"
fi

echo "$SERVERS"
