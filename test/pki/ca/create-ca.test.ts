import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CA_FILES } from '../../../pki/ca/ca-files.ts';
import { createCa } from '../../../pki/ca/create-ca.ts';
import { openFactoryCa } from '../../../pki/ca/open-ca.ts';
import { readCaChain } from '../../../pki/ca/read-chain.ts';
import { fileIn, openssl } from '../openssl.ts';
import { passphrase } from '../acme.ts';
import { freshTbs, makeStoredCa, signTbs } from '../leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeStoredCa(folder);

function path(name: keyof typeof CA_FILES): string {
  return join(ca.directory, CA_FILES[name]);
}

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

describe('development CA', () => {
  it('is a chain that openssl verifies strictly, up to a leaf used as a TLS client', async () => {
    const leaf = fileIn(folder, 'leaf.der', await signTbs(ca, await freshTbs(ca, 'ACME-1')));
    const strict = ['verify', '-x509_strict', '-CAfile'];
    expect(openssl(...strict, path('root'), path('factoryIca')).toString()).toContain('OK');
    const chained = [...strict, path('root'), '-untrusted', path('chain'), '-purpose', 'sslclient', leaf];
    expect(openssl(...chained).toString()).toContain('OK');
    expect(openssl(...strict, path('chain'), '-purpose', 'sslclient', leaf).toString()).toContain('OK');
  });

  it('signs nothing deeper: path length 0 and 1', () => {
    const text = (name: keyof typeof CA_FILES): string =>
      openssl('x509', '-in', path(name), '-noout', '-text').toString();
    expect(text('factoryIca')).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text('factoryIca')).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(text('root')).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
    expect(text('root')).toContain('Not After : Dec 31 23:59:59 9999 GMT');
  });

  it('keeps its files to their owner', () => {
    expect(statSync(ca.directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(ca.directory)) {
      expect(statSync(join(ca.directory, name)).mode & 0o777).toBe(0o600);
    }
  });

  it('encrypts keys with scrypt so that openssl opens them with the passphrase, and not without', () => {
    const structure = openssl('asn1parse', '-in', path('factoryIcaKey')).toString();
    expect(structure).toContain(':scrypt');
    expect(structure).toContain(':aes-256-cbc');
    const spki = openssl(
      'pkey',
      '-in',
      path('factoryIcaKey'),
      '-passin',
      'pass:correct horse',
      '-pubout',
      '-outform',
      'DER',
    );
    expect(Buffer.from(ca.facts.spki)).toEqual(spki);
    expect(() => openssl('pkey', '-in', path('rootKey'), '-passin', 'pass:wrong', '-noout')).toThrow(
      /openssl/,
    );
  });

  it('gives each CA subjects of its own', async () => {
    const directory = join(folder, 'second');
    await createCa({ directory, name: 'Acme Devices', passphrase: passphrase() });
    expect(readCaChain(directory).map((der) => Buffer.from(der))).not.toEqual(
      ca.chain.map((der) => Buffer.from(der)),
    );
    const other = openFactoryCa({ directory, passphrase: passphrase() });
    expect(Buffer.from(other.facts.subject)).not.toEqual(Buffer.from(ca.facts.subject));
  });

  it('is never overwritten', async () => {
    const before = readFileSync(path('chain'), 'ascii');
    const again = createCa({ directory: ca.directory, name: 'Acme', passphrase: passphrase() });
    await expect(again).rejects.toThrow(code('CA_EXISTS'));
    expect(readFileSync(path('chain'), 'ascii')).toBe(before);
  });

  it('takes an empty folder that is there already', async () => {
    const directory = join(folder, 'empty');
    mkdirSync(directory);
    await createCa({ directory, name: 'Acme', passphrase: passphrase() });
    expect(readdirSync(directory)).toHaveLength(6);
  });

  it.each(['', 'a'.repeat(41), 'Acme\n', ' Acme', 'A/B', 'A=B'])('refuses the name %j', async (name) => {
    const made = createCa({ directory: join(folder, 'named'), name, passphrase: passphrase() });
    await expect(made).rejects.toThrow(code('PROFILE_INVALID'));
  });

  it('refuses a passphrase that is too short', async () => {
    const made = createCa({
      directory: join(folder, 'short'),
      name: 'A',
      passphrase: passphrase('1234567'),
    });
    await expect(made).rejects.toThrow(code('PASSPHRASE_INVALID'));
  });
});

describe('a CA whose making is killed', () => {
  it('is there whole or not at all, and can be made again', async () => {
    const directory = join(folder, 'killed');
    const script = new URL('./create-ca-and-die.ts', import.meta.url).pathname;
    for (const call of ['fsync:1', 'fsync:4', 'rename:1']) {
      const child = spawn(process.execPath, [script, directory, call], { stdio: 'ignore' });
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      expect(() => readdirSync(directory)).toThrow(/ENOENT/);
    }
    await createCa({ directory, name: 'Acme', passphrase: passphrase() });
    openFactoryCa({ directory, passphrase: passphrase() });
    expect(readdirSync(folder).filter((name) => name.includes('.killed.'))).toEqual([]);
  });
});
