import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { FileNotPrivateError, readPrivateFile } from '../../disk/private-file.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import { PkiError } from '../pki-error.ts';
import { noteVerifierOf } from './signed-note.ts';
import type { NoteVerifier } from './signed-note.ts';

/** The key with which a station signs its requests; the verifier's name is the station's id. */
export interface StationKey {
  readonly verifier: NoteVerifier;
  readonly privateKey: KeyObject;
}

/** Makes the station's Ed25519 key in a file of mode 0600 unless it is there. Throws STATION_KEY_INVALID. */
export function ensureStationKey(path: string, stationId: string): StationKey {
  ensureKeyFile(path);
  return loadStationKey(path, stationId);
}

/**
 * The same for a role that there is once in a factory line: the intake, which releases units, and the signer, which permits
 * them. `name` is that of its verifier. Throws ROLE_KEY_INVALID.
 */
export function ensureRoleKey(path: string, name: string): StationKey {
  ensureKeyFile(path);
  try {
    return keyIn(path, name, `the key of the ${name}`);
  } catch (error) {
    const sentence = `The key of the ${name}, ${path}, cannot be used (${(error as Error).message}): restore it from a backup.`;
    throw new PkiError('ROLE_KEY_INVALID', sentence, { cause: error });
  }
}

function ensureKeyFile(path: string): void {
  if (existsSync(path)) return;
  const { privateKey } = generateKeyPairSync('ed25519');
  makeFolder(dirname(path), 0o700);
  writeWholeSync(path, 0o600, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
}

function keyIn(path: string, name: string, whose: string): StationKey {
  const privateKey = createPrivateKey(readPrivateFile(path, whose));
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('it is not an Ed25519 key');
  return { verifier: noteVerifierOf(name, privateKey), privateKey };
}

/** Throws STATION_KEY_INVALID when there is none, when others can read it, or when it is something else. */
export function loadStationKey(path: string, stationId: string): StationKey {
  try {
    return keyIn(path, stationId, `the key of station ${stationId}`);
  } catch (error) {
    const { message } = error as Error;
    const sentence = `The key of station ${stationId} cannot be used (${message}): enroll the station with "certline station enroll".`;
    throw new PkiError('STATION_KEY_INVALID', error instanceof FileNotPrivateError ? message : sentence, {
      cause: error,
    });
  }
}
