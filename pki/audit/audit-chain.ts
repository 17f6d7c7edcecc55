import { sha256Hex } from '../x509/p256.ts';

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
    | 'serials-released'
    | 'signing'
    | 'issued'
    | 'activated'
    | 'superseded'
    | 'revoked'
    | 'held'
    | 'hold-ended'
    | 'crl-numbered'
    | 'loss-accepted'
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

/** SHA-256 over the previous hash, the sequence number and the body, one a line: no entry can be changed or moved. */
export function auditHash(previousHash: string, seq: number, body: string): string {
  return sha256Hex(Buffer.from(`${previousHash}\n${seq}\n${body}\n`));
}

/** The sequence number of the first entry that does not follow from the one before, or undefined when all do. */
export async function firstBrokenEntry(entries: AsyncIterable<AuditEntry>): Promise<number | undefined> {
  let previousHash = AUDIT_GENESIS;
  let expected = 1;
  for await (const { seq, body, hash } of entries) {
    if (seq !== expected || auditHash(previousHash, seq, body) !== hash) return expected;
    previousHash = hash;
    expected += 1;
  }
  return undefined;
}
