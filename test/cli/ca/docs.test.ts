import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openConfiguredCa } from '../../../line/ca.ts';
import { loadLineConfig } from '../../../line/config.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { auditVerifierPath, registryPath } from '../../../line/state-folder.ts';
import { openssl } from '../../pki/openssl.ts';
import { SOFTHSM_INSTALLED } from '../../pki/signers/softhsm.ts';
import { rowsOf } from '../../registry/record/opened.ts';
import { newPlace, PRODUCT } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';
import { blocksOf, followCommands, pageOf, sectionsWith, signerPages } from '../follow-docs.ts';
import { issueInto } from '../issued-lot.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const ON_TOKEN = "The CA's key on a token";
const STANDBY = "A standby factory CA, and the root's revocation list";

/** The sections of docs/signer/ with `bash` commands, in the order in which the tests here follow them. */
const FOLLOWED: readonly (readonly [page: string, section: string])[] = [
  ['signer/ca.md', ON_TOKEN],
  ['signer/ca.md', 'Making a CA'],
  ['signer/ca.md', STANDBY],
  ['signer/ca.md', 'A CA under a corporate root'],
  ['signer/ca.md', 'At a cloud'],
  ['signer/revocation.md', 'Look at a certificate'],
  ['signer/revocation.md', 'Hold, release or revoke a certificate'],
  ['signer/revocation.md', 'Bring the list to the registry'],
  ['signer/audit.md', 'Verify, export and compare'],
];

/** Runs the commands of a section exactly as printed, in the folder of the place. */
function follow({ folder, environment }: Place, section: string): string {
  const page = FOLLOWED.find(([, title]) => title === section)![0];
  return followCommands(page, section, {
    cwd: folder,
    env: { ...environment, SOFTHSM2_CONF: process.env['SOFTHSM2_CONF'] },
  });
}

describe.skipIf(!SOFTHSM_INSTALLED)(
  'docs/signer/ (test/pki/signers/install-softhsm.sh installs its token)',
  () => {
    it('leads from an empty token to a closed lot', async () => {
      const place = newPlace();
      mkdirSync(join(place.folder, 'tokens'));
      const configuration = join(place.folder, 'softhsm2.conf');
      writeFileSync(configuration, `directories.tokendir = ${join(place.folder, 'tokens')}\n`);
      process.env['SOFTHSM2_CONF'] = configuration;
      follow(place, ON_TOKEN);
      const { pkcs11 } = JSON.parse(`{${blocksOf('signer/ca.md', ON_TOKEN, 'json')}}`) as { pkcs11: object };
      place.configure({ inbox: place.inbox, products: [PRODUCT], pkcs11 });
      expect(follow(place, 'Making a CA')).toContain('Acme Devices Factory ICA');
      expect(follow(place, STANDBY)).toContain('No Revoked Certificates');
      expect(follow(place, 'At a cloud')).toContain('proof.pem: OK');
      const ca = await openConfiguredCa(place.state, loadLineConfig(join(place.folder, 'certline.json')));
      const serials = ['CL-000017', 'CL-000018'];
      await issueInto(place, serials, ca);
      const registry = openRegistryFile(registryPath(place.state));
      const batch = {
        batchId: 'b1',
        order: 'PO-1',
        manifest: 'lot.csv',
        manifestSha256: 'ab'.repeat(32),
        quantity: 2,
      };
      await registry.importBatch(batch, rowsOf(serials));
      await registry.close();
      await ca.signer.close();
      follow(place, 'Look at a certificate');
      expect(follow(place, 'Hold, release or revoke a certificate')).toContain('Key Compromise');
      expect(follow(place, 'Bring the list to the registry')).toContain(
        '1 entry is of certificates that were never registered.',
      );
      // An auditor has it from the signer itself.
      copyFileSync(auditVerifierPath(place.state), join(place.folder, 'audit.pub'));
      expect(follow(place, 'Verify, export and compare')).toMatch(/The log is whole\.[^]*No difference\.\n$/);
    });
  },
);

describe('docs/signer/', () => {
  it('has no `bash` command that these tests do not follow', () => {
    const sections = signerPages().flatMap((page) =>
      sectionsWith(page, 'bash').map((section) => [page, section]),
    );
    expect(sections).toEqual(FOLLOWED);
  });

  it('says on its first page which commands in code blocks no test runs', () => {
    const unnamed = signerPages().flatMap((page) =>
      pageOf(page)
        .split(/^```/m)
        .filter((part, at) => at % 2 === 1 && part.startsWith('\n')),
    );
    const programs = unnamed.map((block) => block.trim().split(' ').slice(0, 2).join(' '));
    expect(programs).toEqual(['systemd-creds encrypt', 'certline witness']);
    for (const program of programs) expect(pageOf('signer/README.md')).toContain(`\`${program}`);
  });

  it('leads under a corporate root, from a request to a certificate that its verifiers accept', async () => {
    const place = newPlace();
    place.configure({ inbox: place.inbox, products: [PRODUCT] });
    const at = (name: string): string => join(place.folder, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-noenc'];
    const root = ['-subj', '/O=Acme Corporation/CN=Acme Corporate Root', '-days', '14600'];
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const files = ['-keyout', at('corporate-root.key'), '-out', at('corporate-root.pem')];
    openssl('req', '-x509', ...key, ...root, ...usage, ...files);
    expect(follow(place, 'A CA under a corporate root')).toContain('Acme Devices Factory ICA');
    const ca = await openConfiguredCa(place.state, loadLineConfig(at('certline.json')));
    const [issued] = await issueInto(place, ['CL-000017'], ca, { days: 3000 });
    await ca.signer.close();
    writeFileSync(at('device.pem'), pemOf('CERTIFICATE', issued!.certificate));
    const verify = ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', at('corporate-root.pem')];
    const said = openssl(...verify, '-untrusted', at('factory-ca.pem'), at('device.pem')).toString();
    expect(said).toContain('device.pem: OK');
  });

  it('names for every way out of memory a test that is there, or says why there is none', () => {
    const [, , ...rows] = pageOf('signer/memory.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const tests = rows.map((row) =>
      [...row.matchAll(/`(test\/[\w/.-]+\.test\.ts)`/g)].map(([, path]) => path!),
    );
    expect(rows.length).toBeGreaterThan(12);
    const unproven = rows.filter(
      (row, at) => tests[at]!.length === 0 && !row.includes('not tested, because'),
    );
    expect(unproven).toEqual([]);
    expect(tests.flat().filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
