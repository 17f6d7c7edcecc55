import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificatesIn } from '../../../pki/x509/certificate-file.ts';
import { chainOfKey } from '../../../pki/ca/imported-chain.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { openConfiguredCa } from '../../../line/ca.ts';
import { ledgerPath } from '../../../line/state-folder.ts';
import { makeToken, SOFTHSM_INSTALLED } from '../../pki/signers/softhsm.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';
import { issueInto } from '../issued-lot.ts';

const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const SIGNING_CA =
  'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n';
const FACTORY_CA = `${SIGNING_CA.replace('CA:TRUE', 'CA:TRUE,pathlen:0')}authorityKeyIdentifier=keyid\n`;

/** A corporate root and an issuing CA under it, made by openssl; `certify` signs a request for a factory CA. */
function corporatePki(folder: string): {
  certify: (request: string, extensions?: string) => string;
  above: string;
} {
  mkdirSync(folder);
  const at = (name: string): string => join(folder, name);
  const write = (name: string, text: string): string => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const newKey = (name: string): string[] => {
    openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', at(name));
    return ['-key', at(name)];
  };
  const days = ['-days', '3650'];
  const request = ['req', '-new', '-x509', ...newKey('root.key'), '-subj', '/O=Corp/CN=Corp Root', ...days];
  const root = openssl(...request, '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  write('root.pem', root);
  const sign = (csr: string, issuer: string, extensions: string): string => {
    const extfile = ['-extfile', write('extensions', extensions)];
    const by = ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`), '-set_serial', '4711'];
    return openssl('x509', '-req', '-in', csr, ...by, ...days, ...extfile);
  };
  const csr = openssl('req', '-new', ...newKey('policy.key'), '-subj', '/O=Corp/CN=Corp Policy');
  const policy = sign(write('policy.csr', csr), 'root', `${SIGNING_CA}authorityKeyIdentifier=keyid\n`);
  write('policy.pem', policy);
  return {
    certify: (text, extensions = FACTORY_CA) => sign(write('factory.csr', text), 'policy', extensions),
    above: root + policy,
  };
}

async function certifiedFile(place: Place): Promise<string> {
  const { certify, above } = corporatePki(join(place.folder, 'corp'));
  const csr = await place.certline('ca', 'csr', '--name', 'Acme Devices');
  expect(csr.status).toBe(0);
  expect(csr.stdout).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n/);
  expect(openssl('req', '-verify', '-noout', '-in', savedAs(place, 'csr.pem', csr.stdout), '-text')).toMatch(
    /pathlen:0/,
  );
  return savedAs(place, 'certified.pem', above + certify(csr.stdout));
}

function savedAs(place: Place, name: string, text: string): string {
  writeFileSync(join(place.folder, name), text);
  return join(place.folder, name);
}

/** Takes an imported CA through a day: a certificate, a proof, a revocation list, each judged by openssl. */
async function worksAsCa(place: Place, config: Parameters<typeof openConfiguredCa>[1]): Promise<void> {
  const chain = savedAs(place, 'chain.pem', (await place.certline('ca', 'export', 'chain')).stdout);
  const ca = await openConfiguredCa(place.state, config);
  const [issued] = await issueInto(place, ['CL-1'], ca, { days: 30 });
  await ca.signer.close();
  const strict = ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', chain];
  const leaf = savedAs(place, 'crt.pem', pemOf('CERTIFICATE', issued!.certificate));
  expect(openssl(...strict, leaf)).toContain(': OK');
  const proof = await place.certline('ca', 'prove', '3c1f0a6b9d2e4f70');
  expect(proof).toMatchObject({ status: 0, stderr: '' });
  const proofFile = savedAs(place, 'proof.pem', proof.stdout);
  expect(openssl(...strict, proofFile)).toContain(': OK');
  expect(openssl('x509', '-in', proofFile, '-noout', '-subject')).toBe('subject=CN = 3c1f0a6b9d2e4f70\n');
  const { verify } = json(await place.certline('ca', 'crl', '--json')) as { verify: string };
  const [, ...words] = verify.replace('CERTIFICATE.pem', leaf).split(' ');
  expect(openssl(...words)).toContain(': OK');
}

describe('a CA under a corporate root', () => {
  it('is asked for, imported with all above it, and works', async () => {
    const place = newPlace();
    const file = await certifiedFile(place);
    const imported = await place.certline('ca', 'import', file);
    expect(imported).toMatchObject({ status: 0, stderr: '' });
    expect(imported.stdout).toMatch(
      /Factory CA .*Acme Devices Factory ICA(.*\n)+Intermediate .*Corp Policy(.*\n)+Root .*Corp Root/,
    );
    expect(existsSync(join(place.state, 'signer', 'ca.request'))).toBe(false);
    const again = await place.certline('ca', 'import', file);
    expect(again).toMatchObject({ status: 6, stdout: '' });
    expect(again.stderr).toMatch(/^certline: There is a CA in .* already/);
    expect(await place.certline('ca', 'export', 'crl')).toMatchObject({ status: 5 });
    await worksAsCa(place, {});
    const ica = await place.certline('ca', 'export');
    expect(ica.stdout).toBe(readFileSync(join(place.state, 'signer', 'ca', 'factory-ica.pem'), 'utf8'));
    expect(ica.stdout.match(/BEGIN/g)).toHaveLength(1);
  });

  it('that may not be a factory CA is refused', async () => {
    const place = newPlace();
    const pki = corporatePki(join(place.folder, 'corp'));
    const { stdout: csr } = await place.certline('ca', 'csr', '--name', 'Acme Devices');
    const spki = new X509Certificate(pki.certify(csr)).publicKey.export({ format: 'der', type: 'spki' });
    const chainWith = (extensions: string): Uint8Array[] =>
      chainOfKey(certificatesIn(Buffer.from(pki.above + pki.certify(csr, extensions))), spki);
    expect(chainWith(FACTORY_CA)).toHaveLength(3);
    for (const [extensions, message] of [
      [`${FACTORY_CA}extendedKeyUsage=serverAuth\n`, /TLS clients/],
      [FACTORY_CA.replace(',cRLSign', ''), /revocation lists/],
      [FACTORY_CA.replace('subjectKeyIdentifier=hash', 'subjectKeyIdentifier=none'), /key identifier/],
    ] as const)
      expect(() => chainWith(extensions)).toThrow(message);
    const noCa = FACTORY_CA.replace('CA:TRUE,pathlen:0', 'CA:FALSE');
    const file = savedAs(place, 'no-ca.pem', pki.above + pki.certify(csr, noCa));
    const refused = await place.certline('ca', 'import', file);
    expect(refused.status).toBe(30);
    expect(refused.stderr).toMatch(/not a CA/);
    expect(existsSync(join(place.state, 'signer', 'ca'))).toBe(false);
  });

  it('without its root, or with another key, is refused', async () => {
    const place = newPlace();
    expect(await place.certline('ca', 'import', savedAs(place, 'x', 'x'))).toMatchObject({ status: 30 });
    const whole = readFileSync(await certifiedFile(place), 'utf8');
    const request = await place.certline('ca', 'import', join(place.folder, 'csr.pem'));
    expect(request).toMatchObject({ status: 6, stdout: '' });
    expect(request.stderr).toMatch(/csr\.pem holds something else than certificates \(Not DER/);
    const rootless = savedAs(place, 'rootless.pem', whole.slice(whole.indexOf('-----BEGIN', 10)));
    const refused = await place.certline('ca', 'import', rootless);
    expect(refused.stderr).toContain('issuer of O=Corp, CN=Corp Policy is not among');
    const other = newPlace();
    await other.certline('ca', 'csr', '--name', 'Acme Devices');
    const foreign = await other.certline('ca', 'import', savedAs(other, 'foreign.pem', whole));
    expect(foreign.stderr).toContain('none of the certificates has the CA key of this factory line');
  });
});

describe('certline ca init', () => {
  it("puts the root's key where it is taken away, leaves a transcript, and moves to another host", async () => {
    const place = newPlace();
    const stick = join(place.folder, 'stick');
    const made = await place.certline('ca', 'init', '--name', 'Acme Devices', '--root-folder', stick);
    expect(made.status).toBe(0);
    const folder = join(place.state, 'signer', 'ca');
    expect(existsSync(join(folder, 'root.key.pem'))).toBe(false);
    expect(statSync(join(stick, 'root.key.pem')).mode & 0o777).toBe(0o600);
    expect(made.stdout).toContain(join(folder, 'ceremony.txt'));
    const transcript = readFileSync(join(folder, 'ceremony.txt'), 'utf8');
    const fingerprint = openssl('x509', '-in', join(stick, 'root.pem'), '-noout', '-fingerprint', '-sha256');
    expect(transcript).toContain(fingerprint.trim().split('=')[1]);
    const chainSha256 = openssl('dgst', '-sha256', '-r', join(folder, 'chain.pem')).split(' ')[0];
    expect(transcript).toContain(`${chainSha256}  chain.pem`);
    expect(transcript).not.toContain('PRIVATE KEY');

    const other = newPlace();
    const key = ['--key', join(folder, 'factory-ica.key.pem')];
    const passphrase = ['--key-passphrase-file', join(place.state, 'signer', 'ca.passphrase')];
    const moved = await other.certline('ca', 'import', join(folder, 'chain.pem'), ...key, ...passphrase);
    expect(moved).toMatchObject({ status: 0 });
    expect((await other.certline('ca', 'export', 'chain')).stdout).toBe(
      readFileSync(join(folder, 'chain.pem'), 'utf8'),
    );
    await worksAsCa(other, {});
  });
});

describe('certline ca prove', () => {
  it('refuses what could pass for the certificate of a unit, and puts proofs on record', async () => {
    const place = newPlace();
    await issueInto(place, ['CL-000017']);
    const refused = await place.certline('ca', 'prove', 'cl-000017');
    expect(refused).toMatchObject({ status: 32, stdout: '' });
    expect(refused.stderr).toContain('serial of a unit');
    expect(await place.certline('ca', 'prove', 'O=x, CN=y')).toMatchObject({ status: 32, stdout: '' });
    expect(await place.certline('ca', 'prove', '3c1f0a6b9d2e4f70')).toMatchObject({ status: 0 });
    const ledger = openSqliteLedger(ledgerPath(place.state));
    const events: string[] = [];
    for await (const { body } of ledger.auditLog.auditEntries()) events.push(body);
    await ledger.close();
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ event: 'ownership-proof', code: '3c1f0a6b9d2e4f70' });
    expect(events.filter((body) => body.includes('ownership-proof'))).toHaveLength(1);
  });
});

describe.skipIf(!SOFTHSM_INSTALLED)(
  'a CA on a token (test/pki/signers/install-softhsm.sh installs one)',
  () => {
    it('is made, or asked for and imported, and works; its key is in no file', async () => {
      for (const way of ['init', 'import']) {
        const place = newPlace();
        const key = makeToken(place.folder);
        const { refusalFile: _own, ...pkcs11 } = key;
        place.configure({ inbox: place.inbox, products: [PRODUCT], pkcs11 });
        const made =
          way === 'init'
            ? await place.certline('ca', 'init', '--name', 'Acme Devices', '--development')
            : await place.certline('ca', 'import', await certifiedFile(place));
        expect(made).toMatchObject({ status: 0, stderr: '' });
        expect(existsSync(join(place.state, 'signer', 'ca', 'factory-ica.key.pem'))).toBe(false);
        await worksAsCa(place, { pkcs11 });
        writeFileSync(pkcs11.pinFile, 'wrong-1\n');
        for (const message of [/refuses the PIN/, /tries no PIN twice/]) {
          const refused = await place.certline('ca', 'crl');
          expect(refused.status).toBe(31);
          expect(refused.stderr).toMatch(message);
        }
      }
    });
  },
);
