#!/bin/sh
# Usage: unshare --mount sh deb-in-a-root.sh FOLDER EMPTY_FOLDER
# Does what docs/deployment.md says (FOLDER/debian.sh, FOLDER/archive.sh) in a root of its own: a copy-on-write one of this
# host, without Node.js. Removes and purges the package in between. Prints what a test looks at. With `-` as FOLDER it only
# tries whether there can be such a root.
set -eu
folder=$1
work=$2
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
[ "$folder" = - ] && exit 0
for mounted in proc dev; do mount --rbind "/$mounted" "$work/root/$mounted"; done
mkdir "$work/root/made"
cp "$folder"/* "$work/root/made/"
exec chroot "$work/root" sh -eu <<'END'
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# No systemd runs in this root: it enables units, and says of a start that there is none.
export SYSTEMD_OFFLINE=1
cd /made
rm -f "$(command -v node)"
echo "node: $(command -v node || echo none)"

sh -eux debian.sh
systemctl is-enabled certline@station
certline worker signer --config /etc/certline/none.json || echo "worker without configuration: $?"
systemd-analyze verify certline@orchestrator.service certline@signer.service certline@station.service
install -d -o certline-signer -m 700 /var/lib/certline-signer
echo kept >/var/lib/certline-signer/ledger.db
apt-get --yes remove certline
dpkg --purge certline
[ -e /usr/bin/certline ] || echo 'certline: gone'
echo "state: $(cat /var/lib/certline-signer/ledger.db) $(stat -c %U /var/lib/certline-signer)"
echo "drop folder: $(stat -c '%a %U' /var/lib/certline-inbox)"
ls /etc/certline

sh -eux archive.sh
/usr/local/bin/certline --version
ls /etc/systemd/system/certline@.service
END
