import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CA_FILES } from '../../../pki/ca/ca-files.ts';
import { createCa } from '../../../pki/ca/create-ca.ts';
import { openFactoryCa } from '../../../pki/ca/open-ca.ts';
import { passphrase } from '../acme.ts';
import { makeStoredCa } from '../leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeStoredCa(folder);

function path(name: keyof typeof CA_FILES): string {
  return join(ca.directory, CA_FILES[name]);
}

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

describe('openFactoryCa', () => {
  it('refuses a wrong passphrase, saying what to do', () => {
    const load = (): unknown =>
      openFactoryCa({ directory: ca.directory, passphrase: passphrase('wrong horse') });
    expect(load).toThrow(code('PASSPHRASE_WRONG'));
    expect(load).toThrow(/give the one that it was created with/);
  });

  it('refuses a folder without a CA', () => {
    const load = (): unknown => openFactoryCa({ directory: join(folder, 'none'), passphrase: passphrase() });
    expect(load).toThrow(code('CA_NOT_FOUND'));
  });

  it('refuses a key that others can read', () => {
    chmodSync(path('factoryIcaKey'), 0o640);
    const load = (): unknown => openFactoryCa({ directory: ca.directory, passphrase: passphrase() });
    expect(load).toThrow(code('CA_PERMISSIONS'));
    chmodSync(path('factoryIcaKey'), 0o600);
  });

  it('refuses files of two CAs mixed, an unencrypted key, and rubbish', async () => {
    const directory = join(folder, 'mixed');
    await createCa({ directory, name: 'Other', passphrase: passphrase() });
    const load = (): unknown => openFactoryCa({ directory, passphrase: passphrase() });
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
      openFactoryCa({ directory: ca.directory, passphrase: passphrase(), now: new Date('2001-01-01') });
    expect(load).toThrow(code('CA_UNAVAILABLE'));
  });

  it('probes its signer', async () => {
    const loaded = openFactoryCa({ directory: ca.directory, passphrase: passphrase() });
    await loaded.signer.probe();
    await loaded.signer.close();
    await expect(loaded.signer.probe()).rejects.toThrow(code('CA_UNAVAILABLE'));
  });
});
