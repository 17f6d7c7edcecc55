import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createDevelopmentCa, loadFactoryIca } from '../pki/development-ca.ts';
import type { IssuingCa } from '../pki/issuing-ca.ts';
import { passphraseFromFile } from '../pki/passphrase.ts';
import { caFolder, caPassphrasePath } from './state-folder.ts';

const PASSPHRASE_BYTES = 32;

/** The CA that a line has from `ca init` or a demo, opened with the passphrase of the file. */
export function openLineCa(stateFolder: string, passphraseFile?: string): IssuingCa {
  const passphrase = passphraseFromFile(passphraseFile ?? caPassphrasePath(stateFolder));
  try {
    return loadFactoryIca({ directory: caFolder(stateFolder), passphrase });
  } finally {
    passphrase.wipe();
  }
}

/** A development CA for a line without one: its passphrase lies beside it, which no production CA's would. */
export async function ensureDemoCa(stateFolder: string): Promise<IssuingCa> {
  const path = caPassphrasePath(stateFolder);
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${randomBytes(PASSPHRASE_BYTES).toString('base64url')}\n`, { mode: 0o600 });
  }
  if (!existsSync(caFolder(stateFolder))) {
    const passphrase = passphraseFromFile(path);
    await createDevelopmentCa({ directory: caFolder(stateFolder), passphrase, name: 'Certline Demo' });
    passphrase.wipe();
  }
  return openLineCa(stateFolder);
}
