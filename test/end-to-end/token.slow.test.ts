import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caFolder } from '../../line/state-folder.ts';
import { blocksOf, followCommands } from '../cli/follow-docs.ts';
import { openssl } from '../pki/openssl.ts';
import { SOFTHSM_INSTALLED, SOFTHSM_MODULE } from '../pki/signers/softhsm.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { readEvidence } from './line-evidence.ts';
import { dropInto, manifest } from './line-rig.ts';
import { RolesRig } from './roles-rig.ts';

const UNITS = 8;
const SECTION = "The CA's key on a token";

/** An empty token, the CA's key on it and the CA itself, all by the commands of docs/signer/ca.md exactly as printed. */
function followDocs(rig: RolesRig): void {
  const tokens = join(rig.folder, 'tokens');
  mkdirSync(tokens);
  const configuration = join(rig.folder, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${tokens}\n`);
  process.env['SOFTHSM2_CONF'] = configuration;
  const place = { cwd: rig.folder, env: rig.environmentOf('signer') };
  followCommands('signer/ca.md', SECTION, place);
  expect(followCommands('signer/ca.md', 'Making a CA', place)).toContain('Acme Devices Factory ICA');
}

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Public key, SPKI in DER, of the pair that the token has under this label. */
function tokenKey(label: string): Buffer {
  const where = ['--module', SOFTHSM_MODULE, '--token-label', 'factory', '--label', label];
  const der = execFileSync('pkcs11-tool', [...where, '--read-object', '--type', 'pubkey'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return openssl('pkey', '-pubin', '-inform', 'DER', '-outform', 'DER', '-in', fileOf(der));
}

let files = 0;
function fileOf(bytes: Uint8Array): string {
  files += 1;
  const path = join(rig.folder, `judged-${files}`);
  writeFileSync(path, bytes);
  return path;
}

let rig: RolesRig;

describe.skipIf(!SOFTHSM_INSTALLED)(
  'a line whose CA key is on a SoftHSM2 token (test/pki/signers/install-softhsm.sh installs it)',
  () => {
    beforeAll(async () => {
      const { pkcs11 } = JSON.parse(`{${blocksOf('signer/ca.md', SECTION, 'json')}}`) as { pkcs11: object };
      rig = await RolesRig.start({
        signer: { pkcs11 },
        makeCa: followDocs,
        faults: [{ nth: 2, fault: { kind: 'forget-writes', path: '/lfs1/credentials/crt.der' } }],
      });
    }, 120_000);
    afterAll(() => rig?.end());

    it('takes a lot through, one unit of which is tried again', { timeout: 120_000 }, async () => {
      dropInto(rig.inbox, 'lot.csv', manifest(UNITS));
      await until('all but one passed', () => rig.passed === UNITS - 1, 60_000);
      await until('that one is on record', () => rig.waiting.length === 1);
      rig.certline('orchestrator', 'unit', 'retry', rig.waiting[0]!, '--reason', 'board replaced');
      await until('all passed', () => rig.passed === UNITS && rig.openBatches === 0, 60_000);
      expect(rig.certline('signer', 'audit', 'verify')).toContain('The log is whole.');
      expect(rig.certline('signer', 'doctor')).toMatch(/^ok +CA key +token factory has it$/m);
      expect(new Set(Object.values(await rig.down()))).toEqual(new Set([0]));
      expect(violations(rig.places)).toEqual([]);
    });

    it('puts on every board what openssl verifies under that CA', () => {
      const { boards, issuances } = readEvidence(rig.places);
      expect(issuances.map(({ state }) => state).toSorted()).toEqual([
        ...Array.from({ length: UNITS }, () => 'active'),
        'superseded',
      ]);
      const finished = boards.filter(({ place }) => place === 'done');
      expect(finished).toHaveLength(UNITS);
      for (const { certificate } of finished) {
        const pem = fileOf(openssl('x509', '-inform', 'DER', '-in', fileOf(certificate!)));
        const judged = ['-x509_strict', '-purpose', 'sslclient', '-CAfile', rig.places.chain, pem];
        expect(String(openssl('verify', ...judged))).toBe(`${pem}: OK\n`);
      }
    });

    it('was signed by the key of that label, and no other copy of it is there', () => {
      const ica = join(caFolder(rig.stateOf('signer')), 'factory-ica.pem');
      const certified = createPublicKey(readFileSync(ica)).export({ type: 'spki', format: 'der' });
      expect(tokenKey('ica')).toEqual(certified);
      const keys = filesBelow(rig.stateOf('signer')).filter((path) =>
        /PRIVATE KEY/.test(readFileSync(path, 'latin1')),
      );
      const own = ['audit.key.pem', 'permit.key.pem'].map((name) =>
        join(rig.stateOf('signer'), 'signer', name),
      );
      expect(keys.toSorted()).toEqual(own);
      for (const key of keys)
        expect(String(openssl('pkey', '-in', key, '-noout', '-text'))).toContain('ED25519');
      expect(existsSync(join(rig.folder, 'root-stick', 'root.key.pem'))).toBe(true);
    });

    it('signs nothing without the token', () => {
      renameSync(join(rig.folder, 'tokens'), join(rig.folder, 'tokens-away'));
      mkdirSync(join(rig.folder, 'tokens'));
      const args = [join(import.meta.dirname, '..', '..', 'cli', 'certline.ts'), 'ca', 'crl'];
      const options = { cwd: rig.folder, env: rig.environmentOf('signer'), encoding: 'utf8' } as const;
      const { status, stderr } = spawnSync(process.execPath, args, options);
      expect({ status, stderr }).toEqual({ status: 32, stderr: expect.stringContaining('factory') });
    });
  },
);
