import { join } from 'node:path';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import { openRoot } from '../../pki/ca/open-root.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';

/** The root in the folder of `ca init --root-folder`. Throws what opens no key. */
export function openRootFolder(directory: string, passphraseFile: string | undefined): IssuingCa {
  const passphrase = passphraseFromFile(passphraseFile ?? join(directory, CA_FILES.rootPassphrase));
  try {
    return openRoot({ directory, passphrase });
  } finally {
    passphrase.wipe();
  }
}
