// Usage: npm run lock:complete   (after `npm install` of a package with native parts, if `npm ci` then refuses)
//
// npm writes a lock entry for an optional package of another platform only if the registry in use serves it. Behind a
// registry that has not all of them the lock file comes out incomplete, and `npm ci` refuses it. This adds what is
// missing, at the exact version that the depending package names, for that platform alone, with the checksum that the
// registry's metadata names. An entry without a checksum would let anybody on the way replace the package.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const PATH = new URL('../package-lock.json', import.meta.url);
const OPERATING_SYSTEMS = ['darwin', 'linux', 'win32', 'android', 'freebsd', 'openharmony'];
const PROCESSORS = ['x64', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'arm'];

/** What a package's name says of its platform: `@oxlint/binding-linux-x64-musl` is for linux, x64, musl. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const os = OPERATING_SYSTEMS.find((word) => words.includes(word));
  const cpu = PROCESSORS.find((word) => words.includes(word));
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not name its platform`);
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  const named = words.some((word) => /^(musl|gnu)/.test(word));
  return { cpu, os, libc: os === 'linux' && named ? libc : undefined };
}

/** Whether Node, asked from the package at `where`, would find `name` in the lock file. */
function isLocked(packages, where, name) {
  for (let folder = where; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

/** The checksum in the registry's metadata, in the form of Subresource Integrity. Throws if there is none. */
function integrityOf(name, version) {
  const answer = execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], {
    encoding: 'utf8',
  }).trim();
  if (!/^sha512-[\w+/]{86}==$/.test(answer))
    throw new Error(`the registry names no checksum of ${name}@${version}`);
  return answer;
}

const lock = JSON.parse(readFileSync(PATH, 'utf8'));
const { packages } = lock;
for (const [where, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(packages, where, name)) continue;
    if (!/^\d+\.\d+\.\d+$/.test(version))
      throw new Error(`${where} needs ${name} at "${version}", which is not an exact version`);
    const { cpu, os, libc } = platformOf(name);
    // In npm's own order of keys: else every `npm install` changes the file.
    const entry = {
      version,
      cpu: [cpu],
      ...(dev && { dev }),
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [os],
    };
    packages[`node_modules/${name}`] = entry;
    process.stdout.write(`added ${name} ${version}\n`);
  }
}
for (const [where, entry] of Object.entries(packages)) {
  if (where === '' || entry.link || entry.integrity !== undefined) continue;
  const name = where.slice(where.lastIndexOf('node_modules/') + 'node_modules/'.length);
  // In npm's own order of keys: the checksum follows the version.
  const { version, ...others } = entry;
  packages[where] = { version, integrity: integrityOf(entry.name ?? name, version), ...others };
  process.stdout.write(`checksum of ${name} ${version}\n`);
}
const [root, ...rest] = Object.entries(packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => a.localeCompare(b, 'en'))]);
writeFileSync(PATH, `${JSON.stringify(lock, undefined, 2)}\n`);
