#!/bin/sh
# Makes the secrets that docker-compose.yml names, each a random text, unless they are there. Run it once, as root or as
# user 1000, and keep a copy of ca-passphrase elsewhere: without it the CA key is lost.
set -eu

# Compose mounts the files as they are: the user of the containers (1000 in Certline's image and in Temporal's) must own
# them, and nobody else may read them.
CONTAINER_USER=1000
case "$(id -u)" in
  0 | "$CONTAINER_USER") ;;
  *)
    echo "Run this as root: the files must belong to user $CONTAINER_USER" >&2
    exit 1
    ;;
esac

cd "$(dirname "$0")/secrets"
umask 077
for name in temporal-database-password ca-passphrase; do
  if [ -e "$name" ]; then
    echo "$name is there already"
    continue
  fi
  # Hexadecimal: Temporal writes the database password into YAML.
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$name.new"
  chmod 400 "$name.new"
  chown "$CONTAINER_USER" "$name.new"
  mv "$name.new" "$name"
  echo "$name made"
done
