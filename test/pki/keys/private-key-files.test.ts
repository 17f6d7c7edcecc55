import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CA_FILES } from '../../../pki/ca/ca-files.ts';
import { createCa } from '../../../pki/ca/create-ca.ts';
import { openFactoryCa } from '../../../pki/ca/open-ca.ts';
import { createAuditKey, loadAuditKey } from '../../../pki/keys/audit-key.ts';
import { passphraseFromFile } from '../../../pki/keys/passphrase.ts';
import { createReleaseKey, loadReleaseKey, RELEASE_KEY_FILES } from '../../../pki/keys/release-key.ts';
import { ensureStationKey, loadStationKey } from '../../../pki/keys/station-key.ts';
import { readPin } from '../../../pki/signers/pkcs11-pin.ts';
import { passphrase } from '../acme.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

/** A secret file and how it is read, by what it is. */
const SECRETS: Record<string, (place: string) => Promise<{ path: string; read: () => unknown }>> = {
  'the CA key': async (place) => {
    await createCa({ directory: place, name: 'Acme', passphrase: passphrase() });
    const read = (): unknown => openFactoryCa({ directory: place, passphrase: passphrase() });
    return { path: join(place, CA_FILES.factoryIcaKey), read };
  },
  'the release key': async (place) => {
    createReleaseKey({ directory: place, passphrase: passphrase(), name: 'acme' });
    const read = (): unknown => loadReleaseKey({ directory: place, passphrase: passphrase() });
    return { path: join(place, RELEASE_KEY_FILES.key), read };
  },
  'the audit key': async (place) => {
    mkdirSync(place);
    const path = join(place, 'audit.key.pem');
    createAuditKey(path);
    return { path, read: () => loadAuditKey(path) };
  },
  'the key of station st-1': async (place) => {
    const path = join(place, 'st-1.key.pem');
    ensureStationKey(path, 'st-1');
    return { path, read: () => loadStationKey(path, 'st-1') };
  },
  'the passphrase file': async (place) => {
    mkdirSync(place);
    const path = join(place, 'passphrase');
    writeFileSync(path, 'correct horse\n', { mode: 0o600 });
    return { path, read: () => passphraseFromFile(path) };
  },
  'the PIN file': async (place) => {
    mkdirSync(place);
    const path = join(place, 'pin');
    writeFileSync(path, '1234\n', { mode: 0o600 });
    return { path, read: () => readPin(path) };
  },
};

describe.each(Object.entries(SECRETS))('%s', (what, make) => {
  it('is refused by one sentence where others can read it', async () => {
    const { path, read } = await make(join(folder, `open ${what}`));
    expect(read).not.toThrow();
    chmodSync(path, 0o644);
    expect(read).toThrow(`Others can read ${what} ${path}: run "chmod 600 ${path}".`);
  });

  it('is accepted as a credential of systemd', async () => {
    const { path, read } = await make(join(folder, `credential ${what}`));
    chmodSync(path, 0o440);
    expect(read).toThrow(/chmod 600/);
    vi.stubEnv('CREDENTIALS_DIRECTORY', dirname(path));
    expect(read).not.toThrow();
  });
});
