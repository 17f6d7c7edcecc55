import { createHash, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readPrivateFile } from '../../disk/private-file.ts';

/** A key that encrypts payloads, and the short name by which a payload says which key it needs. */
export interface PayloadKey {
  /** The first 16 hex digits of the SHA-256 of the key. */
  readonly id: string;
  readonly key: KeyObject;
}

/** AES-256. */
const KEY_BYTES = 32;

/** The file of payload keys cannot be used; the message says why and how to make one. */
export class PayloadKeysError extends Error {
  override readonly name = 'PayloadKeysError';
}

/**
 * Reads a private file with one key per text line, each 32 random bytes in base64. The first key encrypts; all of them
 * decrypt, so that a new key can be put in front. Throws {@link PayloadKeysError}.
 */
export function readPayloadKeys(path: string): PayloadKey[] {
  const bytes = readFile(path);
  try {
    const lines = bytes.toString('latin1').split(/\r?\n/);
    const keys = lines.flatMap((line, index) =>
      line.trim() === '' ? [] : [readKey(line.trim(), path, index + 1)],
    );
    if (keys.length === 0) throw new PayloadKeysError(`${path} has no key. ${HOW_TO_MAKE}`);
    return keys;
  } finally {
    bytes.fill(0);
  }
}

const HOW_TO_MAKE = 'Make one with "openssl rand -base64 32", and give the same file to every role.';

function readFile(path: string): Buffer {
  try {
    return readPrivateFile(path, 'the payload keys');
  } catch (error) {
    const { message } = error as Error;
    throw new PayloadKeysError(`The payload keys cannot be read: ${message}`, { cause: error });
  }
}

function readKey(text: string, path: string, lineNumber: number): PayloadKey {
  const bytes = Buffer.from(text, 'base64');
  try {
    if (!/^[A-Za-z0-9+/]{43}=$/.test(text) || bytes.length !== KEY_BYTES)
      throw new PayloadKeysError(`Line ${lineNumber} of ${path} is not 32 bytes in base64. ${HOW_TO_MAKE}`);
    return {
      id: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
      key: createSecretKey(bytes),
    };
  } finally {
    bytes.fill(0);
  }
}
