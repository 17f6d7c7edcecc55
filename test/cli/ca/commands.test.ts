import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { json, newPlace } from '../../support/certline.ts';

const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8' });

interface ShownCa {
  chain: string;
  verify: string;
  certificates: { role: string; subject: string; serial: string; sha256: string; notAfter: string }[];
}

describe('certline ca', () => {
  it('makes a CA that openssl verifies, and shows it', async () => {
    const place = newPlace();
    const made = await place.certline('ca', 'init', '--development', '--name', 'Acme Devices');
    expect(made.status).toBe(0);
    expect(made.stderr).toBe('');
    const own = join(place.state, 'signer', 'ca.passphrase');
    expect(statSync(own).mode & 0o777).toBe(0o600);
    expect(readFileSync(own, 'utf8')).toMatch(/^[\w-]{43}\n$/);
    expect(made.stdout).toContain(own);
    expect(made.stdout).not.toContain(readFileSync(own, 'utf8').trim());

    const { chain, verify, certificates } = json(await place.certline('ca', 'show', '--json')) as ShownCa;
    expect(chain).toBe(join(place.state, 'signer', 'ca', 'chain.pem'));
    const factoryIca = join(place.state, 'signer', 'ca', 'factory-ica.pem');
    const [program, ...words] = verify.replace('CERTIFICATE.pem', factoryIca).split(' ');
    expect(program).toBe('openssl');
    expect(openssl(...words)).toContain(': OK');
    const fingerprint = openssl('x509', '-in', factoryIca, '-noout', '-fingerprint', '-sha256');
    expect(fingerprint.trim().split('=')[1]?.replaceAll(':', '').toLowerCase()).toBe(certificates[0]?.sha256);
    expect(certificates.map(({ role }) => role)).toEqual(['factory CA', 'root']);
    expect(certificates[0]?.subject).toMatch(/^O=Acme Devices, CN=Acme Devices Factory ICA [0-9A-F]{8}$/);
    const key = join(place.state, 'signer', 'ca', 'factory-ica.key.pem');
    expect(openssl('pkey', '-in', key, '-passin', `file:${own}`, '-pubout')).toBe(
      openssl('x509', '-in', factoryIca, '-noout', '-pubkey'),
    );

    const again = await place.certline('ca', 'init', '--development');
    expect(again.status).toBe(6);
    expect(again.stderr).toMatch(/^certline: There is a CA in .* already.*\n$/);
    expect((json(await place.certline('ca', 'show', '--json')) as ShownCa).certificates).toEqual(
      certificates,
    );
  });

  it('takes the passphrase of a file, which must be there and private', async () => {
    const place = newPlace();
    const file = join(place.folder, 'passphrase');
    const missing = await place.certline('ca', 'init', '--development', '--passphrase-file', file);
    expect(missing.status).toBe(31);
    expect(missing.stderr).toContain('umask 077; openssl rand');
    writeFileSync(file, 'correct horse battery staple\n', { mode: 0o644 });
    expect(await place.certline('ca', 'init', '--development', '--passphrase-file', file)).toMatchObject({
      status: 31,
    });
    expect(existsSync(join(place.state, 'signer', 'ca'))).toBe(false);

    writeFileSync(join(place.folder, 'private'), 'correct horse battery staple\n', { mode: 0o600 });
    const made = await place.certline(
      'ca',
      'init',
      '--development',
      '--passphrase-file',
      join(place.folder, 'private'),
    );
    expect(made.status).toBe(0);
    expect(made.stdout).toContain(`"passphraseFile": "${join(place.folder, 'private')}"`);
    expect(existsSync(join(place.state, 'signer', 'ca.passphrase'))).toBe(false);
  });

  it('refuses a name that no certificate may have, and leaves no CA', async () => {
    const place = newPlace();
    const { status, stderr } = await place.certline('ca', 'init', '--development', '--name', 'Acme\nEvil');
    expect(status).toBe(4);
    expect(stderr).toContain('letters, digits');
    expect(existsSync(join(place.state, 'signer', 'ca'))).toBe(false);
  });
});
