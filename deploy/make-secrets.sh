#!/bin/sh
# Makes the secrets that docker-compose.yml names, each a random text, unless they are there. Run it once, as the user
# who runs the containers, and keep a copy of ca-passphrase elsewhere: without it the CA key is lost.
set -eu

cd "$(dirname "$0")/secrets"
# Compose mounts the files as they are, for users that the host does not know: the folder keeps other people out.
chmod 700 .
umask 377
for name in temporal-database-password ca-passphrase; do
  if [ -e "$name" ]; then
    echo "$name is there already"
    continue
  fi
  # Hexadecimal: Temporal writes the database password into YAML.
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$name.new"
  chmod 444 "$name.new"
  mv "$name.new" "$name"
  echo "$name made"
done
