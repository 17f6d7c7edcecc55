import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openConfiguredCa } from '../../workers/line-ca.ts';
import { loadLineConfig } from '../../workers/line-config.ts';
import { SOFTHSM_INSTALLED } from '../pki/softhsm.ts';
import { newPlace, PRODUCT } from './certline.ts';
import type { Place } from './certline.ts';
import { issueInto } from './issued-lot.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TEXT = readFileSync(join(ROOT, 'docs', 'signer.md'), 'utf8');

/** The code blocks of a section, one after the other. */
function blocksOf(section: string, language: string): string {
  const text = TEXT.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , block]) => block)
    .join('');
}

/** Runs the commands of a section as they stand, in the folder of the place. */
function follow(place: Place, section: string): string {
  const certline = `certline() { "${join(ROOT, 'node_modules', '.bin', 'node')}" "${join(ROOT, 'cli', 'certline.ts')}" "$@"; }`;
  const script = `set -euo pipefail\n${certline}\n${blocksOf(section, 'bash')}`;
  const env = { ...place.environment, SOFTHSM2_CONF: process.env['SOFTHSM2_CONF'] };
  const ran = spawnSync('bash', ['-c', script], { cwd: place.folder, env, encoding: 'utf8' });
  expect({ section, status: ran.status, stderr: ran.status === 0 ? '' : ran.stderr }).toEqual({
    section,
    status: 0,
    stderr: '',
  });
  return ran.stdout;
}

describe.skipIf(!SOFTHSM_INSTALLED)('docs/signer.md (test/pki/install-softhsm.sh installs its token)', () => {
  it('leads from an empty token to a closed lot', async () => {
    const place = newPlace();
    mkdirSync(join(place.folder, 'tokens'));
    const configuration = join(place.folder, 'softhsm2.conf');
    writeFileSync(configuration, `directories.tokendir = ${join(place.folder, 'tokens')}\n`);
    process.env['SOFTHSM2_CONF'] = configuration;
    follow(place, "The CA's key on a token");
    const { pkcs11 } = JSON.parse(`{${blocksOf("The CA's key on a token", 'json')}}`) as { pkcs11: object };
    place.configure({ inbox: place.inbox, products: [PRODUCT], pkcs11 });
    expect(follow(place, 'Making a CA')).toContain('Acme Devices Factory ICA');
    expect(follow(place, 'At a cloud')).toContain('proof.pem: OK');
    const ca = await openConfiguredCa(place.state, loadLineConfig(join(place.folder, 'certline.json')));
    await issueInto(place, ['CL-000017', 'CL-000018'], ca);
    await ca.signer.close();
    expect(follow(place, 'Certificates by hand')).toContain('Key Compromise');
    expect(follow(place, 'The audit log')).toMatch(/The log is whole\.[^]*No difference\.\n$/);
  });
});

describe('docs/signer.md', () => {
  it('names for every way out of memory a test that is there', () => {
    const tests = [...TEXT.matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)].map(([, path]) => path!);
    expect(tests.length).toBeGreaterThan(8);
    expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
