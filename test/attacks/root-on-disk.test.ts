import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCa } from '../../cli/doctor/check-ca.ts';
import { auditKeyPath, intakeKeyPath, permitKeyPath, stationKeyPath } from '../../line/state-folder.ts';
import { openRoot } from '../../pki/ca/open-root.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { json, newPlace } from '../support/certline.ts';
import { openssl } from '../pki/openssl.ts';
import { code } from '../pki/signing/signing-line.ts';

describe('H7: who reads the disk of the signer', () => {
  it('does not find the root, nor what opens it; a development CA must be asked for', async () => {
    const place = newPlace();
    const refused = await place.certline('ca', 'init', '--name', 'Acme');
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(/--root-folder.*--development/);
    expect(existsSync(join(place.state, 'signer', 'ca'))).toBe(false);
    const root = join(place.folder, 'root');
    const made = await place.certline('ca', 'init', '--name', 'Acme', '--root-folder', root);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain(`Take ${root} away`);
    const onDisk = readdirSync(place.state, { recursive: true }).map(String);
    expect(onDisk.filter((name) => name.includes('root'))).toEqual([join('signer', 'ca', 'root.pem')]);
    const ofSigner = passphraseFromFile(join(place.state, 'signer', 'ca.passphrase'));
    expect(() => openRoot({ directory: root, passphrase: ofSigner })).toThrow(code('PASSPHRASE_WRONG'));
    expect(
      openRoot({ directory: root, passphrase: passphraseFromFile(join(root, 'root.passphrase')) }).chain,
    ).toHaveLength(1);
    const good = await checkCa(place.state, {});
    expect(good.map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
    writeFileSync(
      join(place.state, 'signer', 'ca', 'root.key.pem'),
      readFileSync(join(root, 'root.key.pem')),
    );
    const found = await checkCa(place.state, {});
    expect(found.at(-1)).toMatchObject({ check: 'CA root', verdict: 'fail' });
    expect(json(await place.certline('doctor', '--json'))).toMatchObject({ healthy: false });
  });
});

describe('M8: a factory CA that is lost', () => {
  it('is revoked by its root, whose list OpenSSL checks over the whole chain, and another one takes its place', async () => {
    const place = newPlace();
    const [root, standby] = [join(place.folder, 'root'), join(place.folder, 'standby')];
    await place.certline('ca', 'init', '--name', 'Acme', '--root-folder', root);
    const old = join(place.state, 'signer', 'ca', 'factory-ica.pem');
    expect(await place.certline('ca', 'standby', standby, '--root', root)).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(await place.certline('ca', 'crl', '--root', root)).toMatchObject({ status: 0, stderr: '' });
    const list = join(root, 'root.crl.pem');
    const check = ['verify', '-crl_check_all', '-CAfile', join(root, 'root.pem'), '-CRLfile', list];
    expect(openssl(...check, old).toString()).toContain('OK');
    expect(openssl(...check, join(standby, 'factory-ica.pem')).toString()).toContain('OK');
    const revoke = ['ca', 'crl', '--root', root, '--revoke', old];
    expect(await place.certline(...revoke)).toMatchObject({ status: 2 });
    const revoked = await place.certline(...revoke, '--reason', 'keyCompromise');
    expect(revoked).toMatchObject({ status: 0, stderr: '' });
    expect(revoked.stdout).toMatch(/Number +2\nEntries +1/);
    expect(() => openssl(...check, old)).toThrow(/revoked/);
    expect(openssl(...check, join(standby, 'factory-ica.pem')).toString()).toContain('OK');
    await place.certline(...revoke, '--reason', 'keyCompromise');
    expect(
      openssl('crl', '-in', list, '-noout', '-text')
        .toString()
        .match(/Serial Number/g),
    ).toHaveLength(1);
    const next = newPlace();
    const key = [
      '--key',
      join(standby, 'factory-ica.key.pem'),
      '--key-passphrase-file',
      join(standby, 'ca.passphrase'),
    ];
    expect(await next.certline('ca', 'import', join(standby, 'chain.pem'), ...key)).toMatchObject({
      status: 0,
    });
    const foreign = newPlace();
    await foreign.certline('ca', 'init', '--development');
    const strange = [
      '--revoke',
      join(foreign.state, 'signer', 'ca', 'factory-ica.pem'),
      '--reason',
      'superseded',
    ];
    expect((await place.certline('ca', 'crl', '--root', root, ...strange)).stderr).toContain(
      'is not of this root',
    );
  });
});

describe('M10: keys of the signer and of stations', () => {
  it('are credentials of systemd where it gives them, and else files', () => {
    const folder = newPlace().folder;
    mkdirSync(join(folder, 'credentials'));
    process.env['CREDENTIALS_DIRECTORY'] = join(folder, 'credentials');
    try {
      expect(auditKeyPath('/state')).toBe('/state/signer/audit.key.pem');
      expect(permitKeyPath('/state')).toBe('/state/signer/permit.key.pem');
      expect(intakeKeyPath('/state')).toBe('/state/intake/intake.key.pem');
      for (const name of ['audit.key.pem', 'permit.key.pem', 'intake.key.pem', 'st-1.key.pem'])
        writeFileSync(join(folder, 'credentials', name), '');
      expect(auditKeyPath('/state')).toBe(join(folder, 'credentials', 'audit.key.pem'));
      expect(permitKeyPath('/state')).toBe(join(folder, 'credentials', 'permit.key.pem'));
      expect(intakeKeyPath('/state')).toBe(join(folder, 'credentials', 'intake.key.pem'));
      expect(stationKeyPath('/state', 'st-1')).toBe(join(folder, 'credentials', 'st-1.key.pem'));
      expect(stationKeyPath('/state', 'st-2')).toBe('/state/stations/st-2/station.key.pem');
    } finally {
      delete process.env['CREDENTIALS_DIRECTORY'];
    }
  });
});
