import { join, resolve } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { createReleaseKey, RELEASE_KEY_FILES } from '../../pki/keys/release-key.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { ensurePassphraseFile } from '../../disk/passphrase-file.ts';
import { releaseKeyFolder, releasePassphrasePath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields } from '../terminal/table.ts';

export interface InitReleaseKeyOptions {
  readonly name: string;
  readonly folder?: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** `certline order key init`. Throws CA_EXISTS, `passphrase`, VERIFIER_KEY_INVALID for the name. */
export function initReleaseKey({ stateFolder, config }: Invocation, options: InitReleaseKeyOptions): void {
  const directory = resolve(options.folder ?? releaseKeyFolder(stateFolder));
  const passphrase = passphraseFromFile(passphraseFile(stateFolder, options));
  try {
    const key = createReleaseKey({ directory, passphrase, name: options.name });
    const line = join(directory, RELEASE_KEY_FILES.verifierKey);
    const releaseKey = join(directory, RELEASE_KEY_FILES.key);
    const publicKey = verifierText(key);
    const trust = `cat ${line} >>${orderSourcesOf(stateFolder, config).releaseKeys}`;
    if (options.json === true) {
      printJson({ releaseKey, publicKey, trust });
      return;
    }
    printFields([
      ['Release key', releaseKey],
      ['Public key', publicKey],
    ]);
    printLine(`\nAt the signer, to trust it: ${trust}`);
  } finally {
    passphrase.wipe();
  }
}

function passphraseFile(
  stateFolder: string,
  { passphraseFile: chosen, json }: InitReleaseKeyOptions,
): string {
  if (chosen !== undefined) {
    if (isThere(chosen)) return chosen;
    const message = `There is no passphrase file ${chosen}: make one with (umask 077; openssl rand -base64 32 > ${chosen}).`;
    throw new CommandError('passphrase', message);
  }
  const own = releasePassphrasePath(stateFolder);
  if (ensurePassphraseFile(own) && json !== true)
    printLine(`Made a random passphrase, ${own}: keep it apart from the key.`);
  return own;
}
