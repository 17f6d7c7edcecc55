import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createDurableFolder } from '../../disk/durable-folder.ts';
import { isMissing } from '../../disk/errno.ts';
import { FileNotPrivateError, readPrivateFile } from '../../disk/private-file.ts';
import { decryptPrivateKey, encryptPrivateKey } from './encrypted-key.ts';
import { checkedPassphrase } from './passphrase.ts';
import { PkiError } from '../pki-error.ts';
import type { SecretBytes } from './secret-bytes.ts';
import { verifierText, noteVerifierOf } from './signed-note.ts';
import type { NoteVerifier } from './signed-note.ts';

/** The files of a release key's folder: the encrypted key, and the line by which signers know it. */
export const RELEASE_KEY_FILES = { key: 'release.key.pem', verifierKey: 'release.vkey' } as const;

/** Signs orders. */
export interface ReleaseKey {
  readonly verifierKey: NoteVerifier;
  readonly privateKey: KeyObject;
}

interface ReleaseKeyLocation {
  readonly directory: string;
  readonly passphrase: SecretBytes;
}

/** Where a name says whose key it is, it goes into each signature: letters, digits and . _ - only. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/**
 * Makes an Ed25519 release key in a folder of its own, encrypted. Throws CA_EXISTS when the folder is not empty,
 * PASSPHRASE_INVALID, VERIFIER_KEY_INVALID for the name.
 */
export function createReleaseKey(options: ReleaseKeyLocation & { readonly name: string }): NoteVerifier {
  const { directory, name } = options;
  const passphrase = checkedPassphrase(options.passphrase);
  if (!NAME.test(name)) {
    const message =
      'The name of a release key must have 1 to 64 letters, digits, dots, hyphens and underscores.';
    throw new PkiError('VERIFIER_KEY_INVALID', message, { reason: 'name' });
  }
  if (existsSync(directory) && readdirSync(directory).length > 0) throw alreadyThere(directory);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const verifierKey = noteVerifierOf(name, publicKey);
  createDurableFolder(directory, {
    [RELEASE_KEY_FILES.key]: encryptPrivateKey(privateKey, passphrase),
    [RELEASE_KEY_FILES.verifierKey]: `${verifierText(verifierKey)}\n`,
  });
  return verifierKey;
}

/**
 * Opens the release key of a folder. Throws CA_NOT_FOUND, CA_PERMISSIONS when others can read it, PASSPHRASE_WRONG,
 * CA_INCONSISTENT when its files do not belong together.
 */
export function loadReleaseKey({ directory, passphrase }: ReleaseKeyLocation): ReleaseKey {
  const keyPath = join(directory, RELEASE_KEY_FILES.key);
  const pem = readKeyFile(keyPath, () => readPrivateFile(keyPath, 'the release key').toString('ascii'));
  const privateKey = decryptPrivateKey(pem, passphrase, keyPath);
  const line = readKeyFile(join(directory, RELEASE_KEY_FILES.verifierKey)).trim();
  const name = line.split('+')[0] ?? '';
  if (privateKey.asymmetricKeyType === 'ed25519' && NAME.test(name)) {
    const verifierKey = noteVerifierOf(name, createPublicKey(privateKey));
    if (verifierText(verifierKey) === line) return { verifierKey, privateKey };
  }
  const message = `The files in ${directory} do not belong to the same release key: restore them from a backup.`;
  throw new PkiError('CA_INCONSISTENT', message);
}

function readKeyFile(path: string, read: () => string = () => readFileSync(path, 'utf8')): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof FileNotPrivateError) throw new PkiError('CA_PERMISSIONS', error.message);
    if (!isMissing(error)) throw error;
    const message = `There is no ${path}: create the release key with "certline order key init", or name its folder.`;
    throw new PkiError('CA_NOT_FOUND', message, { cause: error });
  }
}

function alreadyThere(directory: string): PkiError {
  const message = `The folder ${directory} is not empty, and a release key is never overwritten: name another folder.`;
  return new PkiError('CA_EXISTS', message);
}
