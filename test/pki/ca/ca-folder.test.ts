import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CA_FILES, createDevelopmentCa, loadFactoryIca, readCaChain } from '../../../pki/ca/ca-folder.ts';
import { passphraseFromFile } from '../../../pki/keys/passphrase.ts';
import { fileIn, openssl, temporaryFolder } from '../openssl.ts';
import { passphrase } from '../acme.ts';
import { freshTbs, makeStoredCa, signTbs } from '../leaf.ts';

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
    await createDevelopmentCa({ directory, name: 'Acme Devices', passphrase: passphrase() });
    expect(readCaChain(directory).map((der) => Buffer.from(der))).not.toEqual(
      ca.chain.map((der) => Buffer.from(der)),
    );
    const other = loadFactoryIca({ directory, passphrase: passphrase() });
    expect(Buffer.from(other.facts.subject)).not.toEqual(Buffer.from(ca.facts.subject));
  });

  it('is never overwritten', async () => {
    const before = readFileSync(path('chain'), 'ascii');
    const again = createDevelopmentCa({ directory: ca.directory, name: 'Acme', passphrase: passphrase() });
    await expect(again).rejects.toThrow(code('CA_EXISTS'));
    expect(readFileSync(path('chain'), 'ascii')).toBe(before);
  });

  it('takes an empty folder that is there already', async () => {
    const directory = join(folder, 'empty');
    mkdirSync(directory);
    await createDevelopmentCa({ directory, name: 'Acme', passphrase: passphrase() });
    expect(readdirSync(directory)).toHaveLength(6);
  });

  it.each(['', 'a'.repeat(41), 'Acme\n', ' Acme', 'A/B', 'A=B'])('refuses the name %j', async (name) => {
    const made = createDevelopmentCa({ directory: join(folder, 'named'), name, passphrase: passphrase() });
    await expect(made).rejects.toThrow(code('PROFILE_INVALID'));
  });

  it('refuses a passphrase that is too short', async () => {
    const made = createDevelopmentCa({
      directory: join(folder, 'short'),
      name: 'A',
      passphrase: passphrase('1234567'),
    });
    await expect(made).rejects.toThrow(code('PASSPHRASE_INVALID'));
  });
});

describe('loadFactoryIca', () => {
  it('refuses a wrong passphrase, saying what to do', () => {
    const load = (): unknown =>
      loadFactoryIca({ directory: ca.directory, passphrase: passphrase('wrong horse') });
    expect(load).toThrow(code('PASSPHRASE_WRONG'));
    expect(load).toThrow(/give the one it was made with/);
  });

  it('refuses a folder without a CA', () => {
    const load = (): unknown => loadFactoryIca({ directory: join(folder, 'none'), passphrase: passphrase() });
    expect(load).toThrow(code('CA_NOT_FOUND'));
  });

  it('refuses a key that others can read', () => {
    chmodSync(path('factoryIcaKey'), 0o640);
    const load = (): unknown => loadFactoryIca({ directory: ca.directory, passphrase: passphrase() });
    expect(load).toThrow(code('CA_PERMISSIONS'));
    chmodSync(path('factoryIcaKey'), 0o600);
  });

  it('refuses files of two CAs mixed, an unencrypted key, and rubbish', async () => {
    const directory = join(folder, 'mixed');
    await createDevelopmentCa({ directory, name: 'Other', passphrase: passphrase() });
    const load = (): unknown => loadFactoryIca({ directory, passphrase: passphrase() });
    const rootPem = readFileSync(join(directory, CA_FILES.root));
    writeFileSync(join(directory, CA_FILES.root), readFileSync(path('root')));
    expect(load).toThrow(code('CA_INCONSISTENT'));
    writeFileSync(join(directory, CA_FILES.root), rootPem);
    expect(load).not.toThrow();
    writeFileSync(join(directory, CA_FILES.factoryIcaKey), readFileSync(path('factoryIcaKey')));
    expect(load).toThrow(code('CA_INCONSISTENT'));
    writeFileSync(join(directory, CA_FILES.factoryIcaKey), 'rubbish');
    expect(load).toThrow(code('CA_INCONSISTENT'));
    writeFileSync(join(directory, CA_FILES.factoryIca), 'rubbish');
    expect(load).toThrow(code('CA_INCONSISTENT'));
  });

  it('refuses a clock outside the time of the CA', () => {
    const load = (): unknown =>
      loadFactoryIca({ directory: ca.directory, passphrase: passphrase(), now: new Date('2001-01-01') });
    expect(load).toThrow(code('CA_UNAVAILABLE'));
  });

  it('probes its signer', async () => {
    const loaded = loadFactoryIca({ directory: ca.directory, passphrase: passphrase() });
    await loaded.signer.probe();
    await loaded.signer.close();
    await expect(loaded.signer.probe()).rejects.toThrow(code('CA_UNAVAILABLE'));
  });
});

describe('a CA whose making is killed', () => {
  it('is there whole or not at all, and can be made again', async () => {
    const directory = join(folder, 'killed');
    const script = new URL('./make-ca-and-die.ts', import.meta.url).pathname;
    for (const call of ['fsync:1', 'fsync:4', 'rename:1']) {
      const child = spawn(process.execPath, [script, directory, call], { stdio: 'ignore' });
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      expect(() => readdirSync(directory)).toThrow(/ENOENT/);
    }
    await createDevelopmentCa({ directory, name: 'Acme', passphrase: passphrase() });
    loadFactoryIca({ directory, passphrase: passphrase() });
    expect(readdirSync(folder).filter((name) => name.includes('.killed.'))).toEqual([]);
  });
});

describe('passphraseFromFile', () => {
  it.each([
    ['correct horse', 13],
    ['correct horse\n', 13],
    ['correct horse\r\n', 13],
    ['two lines\n\n', 10],
  ])('reads %j', (content, length) => {
    const file = fileIn(folder, 'passphrase', content);
    chmodSync(file, 0o600);
    expect(passphraseFromFile(file).length).toBe(length);
  });

  it('refuses a file that is missing, readable by others, or too short', () => {
    expect(() => passphraseFromFile(join(folder, 'nowhere'))).toThrow(code('PASSPHRASE_INVALID'));
    const file = fileIn(folder, 'open-passphrase', 'correct horse');
    chmodSync(file, 0o644);
    expect(() => passphraseFromFile(file)).toThrow(code('CA_PERMISSIONS'));
    chmodSync(file, 0o600);
    writeFileSync(file, 'short\n');
    expect(() => passphraseFromFile(file)).toThrow(code('PASSPHRASE_INVALID'));
  });
});
