import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { ensurePassphraseFile } from '../../disk/passphrase-file.ts';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { createCa } from '../../pki/ca/create-ca.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { openTokenSigner } from '../../line/ca.ts';
import { caFolder, caPassphrasePath } from '../../line/state-folder.ts';
import type { SecretBytes } from '../../pki/keys/secret-bytes.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { caDocument, showCa } from './show-ca.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

export interface InitCaOptions {
  readonly name: string;
  readonly passphraseFile?: string;
  readonly rootFolder?: string;
  readonly rootPassphraseFile?: string;
  readonly development?: boolean;
  readonly json?: boolean;
}

/**
 * `certline ca init`. Throws `usage` where nobody says where the root goes, `refused` where there is a CA already,
 * `passphrase`, PROFILE_INVALID for the name.
 */
export async function initCa({ stateFolder, config }: Invocation, options: InitCaOptions): Promise<void> {
  const directory = caFolder(stateFolder);
  if (isThere(directory) && readdirSync(directory).length > 0) throw caExists(directory);
  if ((options.rootFolder === undefined) !== (options.development === true)) throw rootIsNowhere();
  const chosen = options.passphraseFile ?? config.passphraseFile;
  const passphrase = passphraseFromFile(
    choosePassphraseFile(stateFolder, chosen, options.json ? sayBeside : printLine),
  );
  try {
    const icaSigner = await openTokenSigner(stateFolder, config);
    await createCa({
      directory,
      passphrase,
      name: options.name,
      ...(icaSigner !== undefined && { icaSigner }),
      ...(options.rootFolder !== undefined && {
        root: rootOf(options.rootFolder, options.rootPassphraseFile),
      }),
    });
    await icaSigner?.close();
  } finally {
    passphrase.wipe();
  }
  const transcript = join(directory, CA_FILES.ceremony);
  if (options.json === true) {
    printJson({ ...caDocument(stateFolder), transcript, rootFolder: options.rootFolder ?? null });
    return;
  }
  await showCa(stateFolder, {});
  if (options.rootFolder !== undefined)
    printLine(
      `\nTake ${options.rootFolder} away now, and keep it offline: it has the key of the root and its passphrase.`,
    );
  printLine(`\nTranscript, to be compared, signed and filed: ${transcript}`);
  if (chosen !== undefined && resolve(chosen) !== config.passphraseFile) {
    printLine(
      `\nThe signer needs it too: put "passphraseFile": "${resolve(chosen)}" into the configuration.`,
    );
  }
}

function rootOf(
  directory: string,
  passphraseFile: string | undefined,
): { readonly directory: string; readonly passphrase?: SecretBytes } {
  return passphraseFile === undefined
    ? { directory }
    : { directory, passphrase: passphraseFromFile(passphraseFile) };
}

function rootIsNowhere(): CommandError {
  const message =
    'Say where the key of the root goes: --root-folder with a folder on a medium that you take away, or --development, which stores it beside the factory CA.';
  return new CommandError('usage', message);
}

/** The file that was chosen, which must be there; else the one in the state folder, made when it is missing. */
export function choosePassphraseFile(
  stateFolder: string,
  chosen: string | undefined,
  say: (line: string) => void,
): string {
  if (chosen !== undefined) {
    if (isThere(chosen)) return chosen;
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

/** Where standard output is a document's. */
export function sayBeside(line: string): void {
  process.stderr.write(`${line}\n`);
}

function caExists(directory: string): CommandError {
  return new CommandError(
    'refused',
    `There is a CA in ${directory} already, and none is ever overwritten: see "certline ca show", or name another --state.`,
  );
}
