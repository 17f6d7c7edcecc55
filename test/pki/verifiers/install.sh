#!/bin/sh
# Installs the independent verifiers of test/pki/verifier-corpus.test.ts on Debian: GnuTLS's certtool, NSS's certutil,
# and what compiling mbedtls-verify.c needs. Run as root; tests that miss one are skipped by name.
set -eu
apt-get update -qq
apt-get install -y -qq --no-install-recommends openssl gnutls-bin libnss3-tools libmbedtls-dev gcc libc6-dev
