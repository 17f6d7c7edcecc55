#!/bin/sh
# Usage: npm run pack:deb [-- FOLDER]
# Writes into FOLDER (here without one) what archive.sh does, and certline_VERSION_ARCH.deb: the archive's tree with systemd
# units, their users, and completion, for Debian 12 or later.
set -eu
out=$(cd "${1:-.}" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
version=$(node -p 'require("./package.json").version')
arch=$(dpkg --print-architecture)

sh deploy/package/archive.sh "$out"
install -d "$root/usr/bin" "$root/usr/lib/certline" "$root/usr/lib/systemd/system" "$root/usr/lib/sysusers.d" \
  "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" "$root/usr/share/doc/certline" \
  "$root/etc/certline" "$root/DEBIAN"
tar --extract --file "$out/certline-$version-linux-$(node -p process.arch).tar.gz" --directory "$root/usr/lib/certline" --strip-components=1 --no-same-owner
ln -s ../lib/certline/bin/certline "$root/usr/bin/certline"
cp -r deploy/systemd/certline@* "$root/usr/lib/systemd/system/"
sed -i 's|/usr/local/bin/certline|/usr/bin/certline|' "$root/usr/lib/systemd/system/certline@.service"
cp deploy/systemd/sysusers.conf "$root/usr/lib/sysusers.d/certline.conf"
"$root/usr/bin/certline" completion bash >"$root/usr/share/bash-completion/completions/certline"
"$root/usr/bin/certline" completion zsh >"$root/usr/share/zsh/vendor-completions/_certline"
cp CHANGELOG.md deploy/certline.example.json "$root/usr/share/doc/certline/"
cp LICENSE "$root/usr/share/doc/certline/copyright"
cp deploy/package/debian/* "$root/DEBIAN/"
cat >"$root/DEBIAN/control" <<END
Package: certline
Version: $version
Architecture: $arch
Maintainer: Certline <certline@localhost>
Section: admin
Priority: optional
Installed-Size: $(du -sk "$root" | cut -f 1)
Depends: ca-certificates, libc6 (>= 2.28), libstdc++6, systemd | systemd-standalone-sysusers
Description: factory provisioning of device certificates
 A manifest in, boards with their own key and certificate out. With its own
 Node.js. The roles are services: certline@orchestrator, certline@signer,
 certline@station.
END
chmod -R u=rwX,go=rX "$root"
chmod 755 "$root"/DEBIAN/p*
dpkg-deb --root-owner-group -Zzstd -z9 --build "$root" "$out/certline_${version}_$arch.deb"
