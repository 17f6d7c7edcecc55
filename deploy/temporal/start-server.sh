#!/bin/sh
# Starts the server as the entrypoint of Temporal's image does, with the database password from a file: the image takes it
# from the environment only. TEMPORAL_SERVICES names the parts to run, where it is not all of them.
set -eu

POSTGRES_PWD="$(cat "$POSTGRES_PASSWORD_FILE")"
export POSTGRES_PWD

# An address that others can reach, where the server listens at all of them.
if [ "$BIND_ON_IP" = 0.0.0.0 ] && [ -z "${TEMPORAL_BROADCAST_ADDRESS:-}" ]; then
  TEMPORAL_BROADCAST_ADDRESS="$(getent hosts "$(hostname)" | cut -d ' ' -f 1 | head -n 1)"
  export TEMPORAL_BROADCAST_ADDRESS
fi

exec temporal-server start
