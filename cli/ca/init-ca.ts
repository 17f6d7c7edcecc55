import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensurePassphraseFile } from '../../disk/passphrase-file.ts';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { createCa } from '../../pki/ca/create-ca.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { openTokenSigner } from '../../line/ca.ts';
import { caFolder, caPassphrasePath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { showCa } from './show-ca.ts';
import { printLine } from '../terminal/stdout.ts';

export interface InitCaOptions {
  readonly name: string;
  readonly passphraseFile?: string;
  readonly rootFolder?: string;
}

/** `certline ca init`. Throws `refused` where there is one already, `passphrase`, PROFILE_INVALID for the name. */
export async function initCa({ stateFolder, config }: Invocation, options: InitCaOptions): Promise<void> {
  const directory = caFolder(stateFolder);
  if (existsSync(directory) && readdirSync(directory).length > 0) throw caExists(directory);
  const chosen = options.passphraseFile ?? config.passphraseFile;
  const passphrase = passphraseFromFile(choosePassphraseFile(stateFolder, chosen));
  try {
    const icaSigner = await openTokenSigner(stateFolder, config);
    await createCa({
      directory,
      passphrase,
      name: options.name,
      ...(icaSigner !== undefined && { icaSigner }),
      ...(options.rootFolder !== undefined && { rootDirectory: options.rootFolder }),
    });
    await icaSigner?.close();
  } finally {
    passphrase.wipe();
  }
  await showCa(stateFolder, {});
  printLine(`\nTranscript, to be compared, signed and filed: ${join(directory, CA_FILES.ceremony)}`);
  if (chosen !== undefined && resolve(chosen) !== config.passphraseFile) {
    printLine(
      `\nThe signer needs it too: put "passphraseFile": "${resolve(chosen)}" into the configuration.`,
    );
  }
}

/** The file that was chosen, which must be there; else the one in the state folder, made when it is missing. */
export function choosePassphraseFile(
  stateFolder: string,
  chosen: string | undefined,
  say: (line: string) => void = printLine,
): string {
  if (chosen !== undefined) {
    if (existsSync(chosen)) return chosen;
    throw new CommandError(
      'passphrase',
      `There is no passphrase file ${chosen}: make one with (umask 077; openssl rand -base64 32 > ${chosen}).`,
    );
  }
  const own = caPassphrasePath(stateFolder);
  if (ensurePassphraseFile(own)) {
    say(
      `Made a random passphrase in ${own}. Without it the CA cannot be used; anyone who has it and the keys can use the CA.`,
    );
  }
  return own;
}

function caExists(directory: string): CommandError {
  return new CommandError(
    'refused',
    `There is a CA in ${directory} already, and none is ever overwritten: see "certline ca show", or name another --state.`,
  );
}
