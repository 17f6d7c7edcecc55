import { sha256Hex } from '../x509/p256.ts';
import type { Checkpoint } from './audit-checkpoint.ts';

/** Hash of the entry before the first. */
export const AUDIT_GENESIS = '0'.repeat(64);

/** One thing that happened, in a fixed order of members; the values are text or numbers, never bytes. */
export interface AuditEvent {
  readonly event:
    | 'order-admitted'
    | 'order-closed'
    | 'refused'
    | 'unit-withdrawn'
    | 'station-admitted'
    | 'station-stopped'
    | 'station-revoked'
    | 'station-enrolled'
    | 'batch-released'
    | 'batch-withdrawn'
    | 'serials-released'
    | 'serials-returned'
    | 'serials-freed'
    | 'attempts-released'
    | 'rework-released'
    | 'rework-ended'
    | 'attempt-permitted'
    | 'signing'
    | 'issued'
    | 'activated'
    | 'superseded'
    | 'revoked'
    | 'revocation-alarm'
    | 'held'
    | 'hold-ended'
    | 'crl-numbered'
    | 'loss-accepted'
    | 'clock-accepted'
    | 'refusals-left-out'
    | 'ownership-proof';
  readonly at: string;
  readonly [member: string]: string | number;
}

export interface AuditEntry {
  readonly seq: number;
  readonly body: string;
  /** Lower-case hex. */
  readonly hash: string;
}

/** The text of an event that is hashed and stored: JSON with its members sorted. */
export function auditBody(event: AuditEvent): string {
  const sorted: Record<string, string | number> = {};
  for (const member of Object.keys(event).sort()) sorted[member] = event[member]!;
  return JSON.stringify(sorted);
}

/**
 * SHA-256 over the previous hash, the sequence number and the body, each on a line: no entry can be changed or moved
 * unnoticed.
 */
export function auditHash(previousHash: string, seq: number, body: string): string {
  return sha256Hex(Buffer.from(`${previousHash}\n${seq}\n${body}\n`));
}

/** What reading a log from its beginning shows. */
export interface ChainJudgement {
  /** How many entries follow one from the other, and the hash of the last of them. */
  readonly size: number;
  readonly head: string;
  /** The sequence number of the first entry that does not follow from the one before; undefined when all do. */
  readonly brokenEntry: number | undefined;
  /** Whether the entry that the checkpoint ends with is among them; false without a checkpoint. */
  readonly reachesCheckpoint: boolean;
}

/** Reads a log once: does each entry follow from the one before, and is the checkpoint's among them? */
export async function judgeChain(
  entries: AsyncIterable<AuditEntry>,
  checkpoint?: Pick<Checkpoint, 'size' | 'hash'>,
): Promise<ChainJudgement> {
  let [size, head] = [0, AUDIT_GENESIS];
  let brokenEntry: number | undefined;
  const isAtCheckpoint = (): boolean => checkpoint?.size === size && checkpoint.hash === head;
  let reachesCheckpoint = isAtCheckpoint();
  for await (const { seq, body, hash } of entries) {
    if (seq !== size + 1 || auditHash(head, seq, body) !== hash) {
      brokenEntry = size + 1;
      break;
    }
    [size, head] = [seq, hash];
    reachesCheckpoint ||= isAtCheckpoint();
  }
  return { size, head, brokenEntry, reachesCheckpoint };
}
