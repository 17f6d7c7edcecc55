import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PkiError } from '../pki-error.ts';
import { noteVerifierOf } from './signed-note.ts';
import type { NoteVerifier } from './signed-note.ts';

/** With what a station signs its requests; the verifier's name is the station's id. */
export interface StationKey {
  readonly verifier: NoteVerifier;
  readonly privateKey: KeyObject;
}

/** Makes the station's Ed25519 key in a file of mode 0600 unless it is there. Throws STATION_KEY_INVALID. */
export function ensureStationKey(path: string, stationId: string): StationKey {
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return loadStationKey(path, stationId);
}

/** Throws STATION_KEY_INVALID when there is none, when others can read it, or when it is something else. */
export function loadStationKey(path: string, stationId: string): StationKey {
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error('others can read it: chmod 600 it');
    const privateKey = createPrivateKey(readFileSync(path));
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key');
    return { verifier: noteVerifierOf(stationId, privateKey), privateKey };
  } catch (error) {
    const message = `The key of station ${stationId} cannot be used (${(error as Error).message}): enroll the station with "certline station enroll".`;
    throw new PkiError('STATION_KEY_INVALID', message, { cause: error });
  }
}
