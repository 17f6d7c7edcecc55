import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import { noteVerifierOf } from './signed-note.ts';
import type { NoteVerifier } from './signed-note.ts';

/** The key that signs checkpoints, independent of every CA's. */
export interface AuditKey {
  readonly privateKey: KeyObject;
  readonly verifier: NoteVerifier;
}

/** Of the key's SHA-256, in the name of its notes: two signers' notes must not be mistaken for each other's. */
const NAME_HEX_LENGTH = 16;

/** The key in a file (PKCS#8, PEM) that only its owner can read. Throws AUDIT_KEY_INVALID. */
export function loadAuditKey(path: string): AuditKey {
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error('others can read it: chmod 600 it');
    const privateKey = createPrivateKey(readFileSync(path));
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('it holds no Ed25519 key');
    return auditKeyOf(privateKey);
  } catch (error) {
    const message = `The audit key ${path} cannot be used (${(error as Error).message}): restore it from a backup.`;
    throw new PkiError('AUDIT_KEY_INVALID', message, { cause: error });
  }
}

/** Makes the key and its file, mode 0600. Throws AUDIT_KEY_INVALID where there is one already. */
export function createAuditKey(path: string): AuditKey {
  const key = draftAuditKey(path);
  keepAuditKey(path);
  return key;
}

/** Where a key is until it counts. */
export const auditKeyDraftPath = (path: string): string => `${path}.new`;

/** Makes a key that counts once `keepAuditKey` was called. Throws AUDIT_KEY_INVALID where there is one already. */
export function draftAuditKey(path: string): AuditKey {
  if (existsSync(path))
    throw new PkiError(
      'AUDIT_KEY_INVALID',
      `There is an audit key ${path} already: none is ever overwritten.`,
    );
  const { privateKey } = generateKeyPairSync('ed25519');
  const file = openSync(auditKeyDraftPath(path), 'w', 0o600);
  try {
    writeSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return auditKeyOf(privateKey);
}

/** Gives the drafted key its name, durably. */
export function keepAuditKey(path: string): void {
  renameSync(auditKeyDraftPath(path), path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function auditKeyOf(privateKey: KeyObject): AuditKey {
  const { publicKey } = noteVerifierOf('', privateKey);
  const name = `certline-audit-${sha256Hex(publicKey.export({ format: 'der', type: 'spki' })).slice(0, NAME_HEX_LENGTH)}`;
  return { privateKey, verifier: noteVerifierOf(name, privateKey) };
}
