import { openNote, signNote } from '../keys/signed-note.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import type { KeyObject } from 'node:crypto';
import type { AuditHead } from './audit-log.ts';

/** Where an audit log stood: how many entries it had and the hash of the last, lower-case hex. */
export interface Checkpoint extends AuditHead {
  /** ISO 8601. */
  readonly at: string;
  /**
   * Where a person accepted a clock that is behind what was signed before: the time of that, ISO 8601. Earlier checkpoints may have
   * times up to it.
   */
  readonly clockWrongUntil?: string;
}

const WRONG_CLOCK = 'clock-wrong-until ';

/**
 * A checkpoint as a signed note in the form of C2SP tlog-checkpoint: origin, size, hash in base64, and lines with times.
 * The hash is the head of a chain, not the root of a tree: it fixes all before it, but proves no single entry.
 */
export function signCheckpoint(
  { size, hash, at, clockWrongUntil }: Checkpoint,
  verifier: NoteVerifier,
  privateKey: KeyObject,
): string {
  const times =
    clockWrongUntil === undefined ? [`time ${at}`] : [`time ${at}`, `${WRONG_CLOCK}${clockWrongUntil}`];
  const lines = [verifier.name, size, Buffer.from(hash, 'hex').toString('base64'), ...times];
  return signNote(lines.map((line) => `${line}\n`).join(''), verifier, privateKey);
}

/** The checkpoint in a note that this key signed; undefined for any other. */
export function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint | undefined {
  const text = openNote(note, verifier);
  return text?.startsWith(`${verifier.name}\n`) === true ? parseCheckpoint(text) : undefined;
}

/** The checkpoint in a text that was verified, of whichever origin; undefined for any other text. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, size = '', base64 = '', time = '', more = ''] = text.split('\n');
  const at = /^time (\S+)$/.exec(time)?.[1];
  if (!/^(?:0|[1-9]\d*)$/.test(size) || at === undefined) return undefined;
  const head = { size: Number(size), hash: Buffer.from(base64, 'base64').toString('hex') };
  return {
    ...head,
    at,
    ...(more.startsWith(WRONG_CLOCK) && { clockWrongUntil: more.slice(WRONG_CLOCK.length) }),
  };
}
