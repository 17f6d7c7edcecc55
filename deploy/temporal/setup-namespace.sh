#!/bin/sh
# Makes the namespace with its retention and its search attributes, or sees that they are there. Safe to run again.
# Takes TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE from the environment, as the temporal command does.
set -eu

# The port is open some seconds before the server serves.
attempts=60
until temporal operator cluster health >/dev/null 2>&1; do
  attempts=$((attempts - 1))
  if [ "$attempts" -eq 0 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS does not serve" >&2
    exit 1
  fi
  sleep 1
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

# A namespace is known to every part of the server within some seconds.
attempts=60
until temporal operator search-attribute create \
  --name ProvBatch --type Keyword \
  --name ProvOrder --type Keyword \
  --name ProvSerial --type Keyword \
  --name ProvProduct --type Keyword \
  --name ProvStatus --type Keyword \
  --name ProvStep --type Keyword \
  --name ProvError --type Keyword \
  --name ProvStation --type Keyword; do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ] || exit 1
  sleep 1
done
