#!/bin/sh
# Installs the independent verifiers of test/pki/verifier-corpus.test.ts on Debian: GnuTLS's certtool, NSS's certutil,
# what compiling mbedtls-verify.c needs, and PostgreSQL 15 for the ledger. Run as root; tests that miss one are skipped.
set -eu
apt-get update -qq
apt-get install -y -qq --no-install-recommends openssl gnutls-bin libnss3-tools libmbedtls-dev gcc libc6-dev postgresql-15
