#!/bin/sh
# Makes the certificates by which Temporal's server and its clients know each other, with openssl. Without arguments it
# makes what is missing; with names (server, orchestrator, signer, station, operator, ui, or any other for one more
# client) it makes those again. Each folder in tls/ is what one of them gets. tls/authorities is for this script alone:
# keep it elsewhere.
set -eu

# Days that a certificate is valid: authorities, and those that they sign.
AUTHORITY_DAYS=3650
LEAF_DAYS=365
# The name in the server's certificate. Clients check it at whatever address they reach the server.
SERVER_NAME=temporal

# As with secrets: who runs the process in the container must own its key. Temporal's page has a user of its own.
owner_of() {
  if [ "$1" = ui ]; then echo 5000; else echo 1000; fi
}

cd "$(dirname "$0")/tls"
umask 077

make_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# authority NAME
make_authority() {
  [ -e "authorities/$1.pem" ] && return
  mkdir -p authorities
  make_key "authorities/$1.key"
  cat >authorities/request.cnf <<END
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = Certline Temporal $1
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
  openssl req -x509 -new -config authorities/request.cnf -key "authorities/$1.key" -days "$AUTHORITY_DAYS" \
    -out "authorities/$1.pem"
  rm authorities/request.cnf
  echo "authority $1 made"
}

# leaf FOLDER BASENAME AUTHORITY USAGE NAMES
make_leaf() {
  folder=$1 file=$2 authority=$3 usage=$4 names=$5
  mkdir -p "$folder"
  make_key "$folder/$file.key.new"
  cat >"$folder/extensions.cnf" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $usage
subjectAltName = $names
END
  printf '[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = %s\n' "$folder" >"$folder/request.cnf"
  openssl req -new -config "$folder/request.cnf" -key "$folder/$file.key.new" |
    openssl x509 -req -CA "authorities/$authority.pem" -CAkey "authorities/$authority.key" -days "$LEAF_DAYS" \
      -set_serial "0x4$(od -An -N15 -tx1 /dev/urandom | tr -d ' \n')" -extfile "$folder/extensions.cnf" \
      -out "$folder/$file.pem.new"
  rm "$folder/extensions.cnf" "$folder/request.cnf"
}

# What a folder gets is whole before it takes the place of what was there.
put_in_place() {
  folder=$1 file=$2
  if [ "$(id -u)" = 0 ]; then chown -R "$(owner_of "$folder")" "$folder"; fi
  chmod 400 "$folder"/*
  mv -f "$folder/$file.key.new" "$folder/$file.key"
  mv -f "$folder/$file.pem.new" "$folder/$file.pem"
  # Last: but for root, nobody can move anything in it then.
  chmod 500 "$folder"
  echo "$folder made"
}

make_server() {
  # A server of Temporal is a client of the others.
  chmod -f 700 server || true
  make_leaf server server cluster 'serverAuth, clientAuth' "DNS:$SERVER_NAME"
  cp -f authorities/cluster.pem server/cluster-ca.pem
  cp -f authorities/client.pem server/client-ca.pem
  put_in_place server server
}

make_client() {
  chmod -f 700 "$1" || true
  make_leaf "$1" client client clientAuth "DNS:$1"
  cp -f authorities/cluster.pem "$1/server-ca.pem"
  put_in_place "$1" client
}

# With other authorities, the server and its clients would not know each other any more.
for name in cluster client; do
  [ -e "authorities/$name.pem" ] && [ -e "authorities/$name.key" ] && continue
  for made in */server.pem */client.pem; do
    [ -e "$made" ] || continue
    echo "authorities/$name.pem or its key is not here, but $made is: bring authorities/ back, as it was when that was made." >&2
    echo 'To begin again with other authorities, move all folders in tls/ away first.' >&2
    exit 1
  done
done
make_authority cluster
make_authority client
if [ "$#" -eq 0 ]; then
  for name in server orchestrator signer station operator ui; do
    # A run that was killed has left a folder without a certificate.
    [ -e "$name/server.pem" ] || [ -e "$name/client.pem" ] || set -- "$@" "$name"
  done
fi
for name in "$@"; do
  case "$name" in
    server) make_server ;;
    authorities | *[!a-z0-9-]* | '')
      echo "A name has small letters, digits and '-': \"$name\" cannot be one" >&2
      exit 2
      ;;
    *) make_client "$name" ;;
  esac
done
