import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { rmSync } from 'node:fs';
import { isThere } from '../../disk/is-there.ts';
import { FileNotPrivateError, readPrivateFile } from '../../disk/private-file.ts';
import { createFileSync, renameDurablySync } from '../../disk/write-whole.ts';
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
const AUDIT_NAME = /^certline-audit-[0-9a-f]{16}$/;

/** Whether this is the public half of an audit key, by its name. No station may have such a name. */
export function isAuditKey({ name }: Pick<NoteVerifier, 'name'>): boolean {
  return AUDIT_NAME.test(name);
}

/**
 * Whether this is an audit key under its own name. A key that comes with what it signed is known by that name alone, and anyone
 * can sign under the name of another.
 */
export function hasOwnName({ name, publicKey }: NoteVerifier): boolean {
  return name === auditNameOf(publicKey);
}

/** The key in a file (PKCS#8, PEM) that only its owner can read. Throws AUDIT_KEY_INVALID. */
export function loadAuditKey(path: string): AuditKey {
  try {
    const privateKey = createPrivateKey(readPrivateFile(path, 'the audit key'));
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('it is not an Ed25519 key');
    return auditKeyOf(privateKey);
  } catch (error) {
    const { message } = error as Error;
    const sentence = `The audit key ${path} cannot be used (${message}): restore it from a backup.`;
    throw new PkiError('AUDIT_KEY_INVALID', error instanceof FileNotPrivateError ? message : sentence, {
      cause: error,
    });
  }
}

/** Makes the key and its file, mode 0600. Throws AUDIT_KEY_INVALID where there is one already. */
export function createAuditKey(path: string): AuditKey {
  const key = draftAuditKey(path);
  keepAuditKey(path);
  return key;
}

/** Where a key is until it is in use. */
export const auditKeyDraftPath = (path: string): string => `${path}.new`;

/**
 * Makes a key that is in use once `keepAuditKey` was called; an earlier draft is replaced. Throws AUDIT_KEY_INVALID
 * where there is one already.
 */
export function draftAuditKey(path: string): AuditKey {
  if (isThere(path))
    throw new PkiError(
      'AUDIT_KEY_INVALID',
      `The audit key ${path} exists already, and an audit key is never overwritten: use it, or name another folder.`,
    );
  const { privateKey } = generateKeyPairSync('ed25519');
  rmSync(auditKeyDraftPath(path), { force: true });
  createFileSync(
    auditKeyDraftPath(path),
    0o600,
    privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  );
  return auditKeyOf(privateKey);
}

/** Gives the drafted key its name, durably. */
export function keepAuditKey(path: string): void {
  renameDurablySync(auditKeyDraftPath(path), path);
}

function auditKeyOf(privateKey: KeyObject): AuditKey {
  const name = auditNameOf(createPublicKey(privateKey));
  return { privateKey, verifier: noteVerifierOf(name, privateKey) };
}

function auditNameOf(publicKey: KeyObject): string {
  const digest = sha256Hex(publicKey.export({ format: 'der', type: 'spki' }));
  return `certline-audit-${digest.slice(0, NAME_HEX_LENGTH)}`;
}
