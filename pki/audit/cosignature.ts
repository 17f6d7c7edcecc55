import { openNote, signNote, splitNote } from '../keys/signed-note.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import type { KeyObject } from 'node:crypto';
import { openCheckpoint, parseCheckpoint } from './audit-checkpoint.ts';
import type { Checkpoint } from './audit-checkpoint.ts';
import { AUDIT_GENESIS } from './audit-chain.ts';
import type { AuditHead } from './audit-log.ts';

/** What a signer asks its witness: to sign this checkpoint, which continues the log from `old`. */
export interface CosignRequest {
  readonly old: AuditHead;
  /** The checkpoint, signed by the audit key. */
  readonly note: string;
}

/** The head of a log without entries. */
export const EMPTY_HEAD: AuditHead = { size: 0, hash: AUDIT_GENESIS };

/** The text of a request, in the form of C2SP tlog-witness; in place of a proof it says the hash of the old head. */
export function cosignRequestText({ old, note }: CosignRequest): string {
  return `old ${old.size} ${Buffer.from(old.hash, 'hex').toString('base64')}\n\n${note}`;
}

/** The request of a text; undefined for any other. */
export function parseCosignRequest(text: string): CosignRequest | undefined {
  const [, size, base64, note] = /^old (0|[1-9]\d{0,14}) ([A-Za-z0-9+/=]{44})\n\n([^]+)$/.exec(text) ?? [];
  if (size === undefined || base64 === undefined || note === undefined) return undefined;
  return { old: { size: Number(size), hash: Buffer.from(base64, 'base64').toString('hex') }, note };
}

/** What a witness answers: the note that it holds now, with its signature; whether that is the one it was asked for. */
export interface Cosigned {
  readonly isExtended: boolean;
  readonly note: string;
}

/** The key of a witness. */
export interface WitnessKey {
  readonly verifier: NoteVerifier;
  readonly privateKey: KeyObject;
}

/**
 * What a witness does with a request, given the cosigned note that it holds (undefined before the first). It signs a
 * checkpoint only if it is of a trusted audit key, and continues from the very entry that the witness signed last; else
 * it answers with what it holds. Undefined for a request that it does not accept.
 */
export function cosign(
  request: CosignRequest,
  held: string | undefined,
  { key, trusted }: { readonly key: WitnessKey; readonly trusted: readonly NoteVerifier[] },
): Cosigned | undefined {
  const next = trusted.map((each) => openCheckpoint(request.note, each)).find((each) => each !== undefined);
  if (next === undefined) return undefined;
  const last = held === undefined ? undefined : openCosigned(held, key.verifier);
  if (held !== undefined && last === undefined) return undefined;
  if (last !== undefined && held !== undefined && !continues(last, request.old, next))
    return { isExtended: false, note: held };
  const { text } = splitNote(request.note)!;
  const signature = splitNote(signNote(text, key.verifier, key.privateKey))!.signatures[0]!;
  return { isExtended: true, note: `${request.note}${signature}\n` };
}

/** The same head twice is no fork: a signer asks again after a lost answer. */
function continues(last: AuditHead, old: AuditHead, next: AuditHead): boolean {
  if (next.size === last.size) return next.hash === last.hash;
  return old.size === last.size && old.hash === last.hash && next.size > last.size;
}

/** The checkpoint of a note that this witness signed, perhaps among others; undefined for any other. */
export function openCosigned(note: string, witness: NoteVerifier): Checkpoint | undefined {
  const text = openNote(note, witness);
  return text === undefined ? undefined : parseCheckpoint(text);
}
