import { openNote, signNote } from '../keys/signed-note.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import type { KeyObject } from 'node:crypto';
import type { AuditHead } from './audit-log.ts';

/** Where an audit log stood: how many entries it had and the hash of the last, lower-case hex. */
export interface Checkpoint extends AuditHead {
  /** ISO 8601. */
  readonly at: string;
}

/**
 * A checkpoint as a signed note in the form of C2SP tlog-checkpoint: origin, size, hash in base64, and a line with the
 * time. The hash is the head of a chain, not the root of a tree: it fixes all before it, but proves no single entry.
 */
export function signCheckpoint(
  { size, hash, at }: Checkpoint,
  verifier: NoteVerifier,
  privateKey: KeyObject,
): string {
  const text = `${verifier.name}\n${size}\n${Buffer.from(hash, 'hex').toString('base64')}\ntime ${at}\n`;
  return signNote(text, verifier, privateKey);
}

/** The checkpoint in a note that this key signed; undefined for any other. */
export function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint | undefined {
  const text = openNote(note, verifier);
  return text?.startsWith(`${verifier.name}\n`) === true ? parseCheckpoint(text) : undefined;
}

/** The checkpoint in a text that was verified, of whichever origin; undefined for any other text. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, size = '', base64 = '', time = ''] = text.split('\n');
  const at = /^time (\S+)$/.exec(time)?.[1];
  if (!/^(?:0|[1-9]\d*)$/.test(size) || at === undefined) return undefined;
  return { size: Number(size), hash: Buffer.from(base64, 'base64').toString('hex'), at };
}
