#!/bin/sh
# Installs the MQTT broker Mosquitto and its clients on Debian. Run as root; does nothing where they are. Tests that miss
# them are skipped by name. The broker that the package starts is stopped again: tests start their own.
set -eu
if [ -x /usr/sbin/mosquitto ] && command -v mosquitto_pub >/dev/null; then exit 0; fi
apt-get update -qq || true # an unreachable extra list need not matter
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto mosquitto-clients
if [ -d /run/systemd/system ]; then systemctl disable --now mosquitto; fi
