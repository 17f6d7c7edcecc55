import { join } from 'node:path';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { createStandby } from '../../pki/ca/create-standby.ts';
import { tell } from '../terminal/stdout.ts';
import { openRootFolder } from './root-folder.ts';

/** `certline ca standby`. Throws CA_EXISTS, CA_INCONSISTENT, and what opens no key. */
export async function makeStandby(
  folder: string,
  options: { readonly root: string; readonly passphraseFile?: string; readonly json?: boolean },
): Promise<void> {
  await createStandby(openRootFolder(options.root, options.passphraseFile), folder);
  const at = (name: string): string => join(folder, name);
  const use = `certline ca import ${at(CA_FILES.chain)} --key ${at(CA_FILES.factoryIcaKey)} --key-passphrase-file ${at(CA_FILES.icaPassphrase)}`;
  tell(
    options.json,
    { folder, certificate: at(CA_FILES.factoryIca), use },
    `Made a standby factory CA in ${folder}. Register ${at(CA_FILES.factoryIca)} at your clouds, and seal the folder.`,
    `To use it: ${use}`,
  );
}
