import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { writeAtomically } from '../../disk/write-whole.ts';
import { CA_FILES, createDevelopmentCa } from '../../pki/ca/ca-folder.ts';
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

/** 256 bits: nobody has to remember them. */
const PASSPHRASE_BYTES = 32;

/** `certline ca init`. Throws `caMissing` where there is one already, `passphrase`, PROFILE_INVALID for the name. */
export async function initCa({ stateFolder, config }: Invocation, options: InitCaOptions): Promise<void> {
  const directory = caFolder(stateFolder);
  if (existsSync(directory) && readdirSync(directory).length > 0) throw caExists(directory);
  const chosen = options.passphraseFile ?? config.passphraseFile;
  const passphrase = passphraseFromFile(await ensurePassphraseFile(stateFolder, chosen));
  try {
    const icaSigner = await openTokenSigner(stateFolder, config);
    await createDevelopmentCa({
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
export async function ensurePassphraseFile(
  stateFolder: string,
  chosen: string | undefined,
  say: (line: string) => void = printLine,
): Promise<string> {
  if (chosen !== undefined) {
    if (existsSync(chosen)) return chosen;
    throw new CommandError(
      'passphrase',
      `There is no passphrase file ${chosen}: make one with (umask 077; openssl rand -base64 32 > ${chosen}).`,
    );
  }
  const own = caPassphrasePath(stateFolder);
  if (existsSync(own)) return own;
  await mkdir(dirname(own), { recursive: true, mode: 0o700 });
  const random = randomBytes(PASSPHRASE_BYTES).toString('base64url');
  await writeAtomically(own, 0o600, (file) => file.writeFile(`${random}\n`));
  say(
    `Made a random passphrase, ${own}: without it the CA cannot be used, with it by anybody who has the keys.`,
  );
  return own;
}

function caExists(directory: string): CommandError {
  return new CommandError(
    'caMissing',
    `There is a CA in ${directory} already, and none is ever overwritten: see "certline ca show", or name another --state.`,
  );
}
