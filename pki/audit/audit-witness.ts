import { AUDIT_GENESIS } from './audit-chain.ts';
import { openCheckpoint, signCheckpoint } from './audit-checkpoint.ts';
import type { Checkpoint } from './audit-checkpoint.ts';
import type { AuditKey } from '../keys/audit-key.ts';
import { PkiError } from '../pki-error.ts';
import type { AuditHead, AuditLog } from './audit-log.ts';

/**
 * The checkpoint in `note`, after checking that the ledger continues from it. Throws LEDGER_STALE when the note is not
 * signed by the key, the ledger has fewer entries, or has another entry there: it is an old copy, or was rewritten.
 */
export async function checkWitness(ledger: AuditLog, key: AuditKey, note: string): Promise<Checkpoint> {
  const checkpoint = openCheckpoint(note, key.verifier);
  if (checkpoint === undefined)
    throw stale('the witness file is not signed by the audit key of this signer', 'witness-signature');
  await assertReaches(ledger, checkpoint);
  return checkpoint;
}

/** Throws LEDGER_STALE unless the ledger has the entry that the checkpoint ends with. */
export async function assertReaches(ledger: AuditLog, { size, hash }: Checkpoint): Promise<void> {
  const found = size === 0 ? AUDIT_GENESIS : await ledger.auditHash(size);
  if (found === hash) return;
  if (found !== undefined)
    throw stale(`entry ${size} of the ledger differs from the witnessed entry`, 'forked');
  const { size: entries } = await ledger.auditHead();
  throw stale(`the ledger has ${entries} entries, but its witness file says ${size}`, 'older');
}

/** A signed checkpoint of the ledger as it is now, or as it ended with `head`, with its note. */
export async function makeCheckpoint(
  ledger: AuditLog,
  { privateKey, verifier }: AuditKey,
  now: Date,
  head?: AuditHead,
): Promise<Checkpoint & { readonly note: string }> {
  const clockWrongUntil = await ledger.clockWrongUntil();
  const checkpoint = {
    ...(head ?? (await ledger.auditHead())),
    at: now.toISOString(),
    ...(clockWrongUntil !== undefined && { clockWrongUntil }),
  };
  return { ...checkpoint, note: signCheckpoint(checkpoint, verifier, privateKey) };
}

/** The error of a ledger that must not sign; `what` says how it disagrees with its witness. */
export function stale(what: string, reason: string): PkiError {
  const message = `The ledger does not match its witness file, so nothing is signed: ${what}. Restore the newest copy of the ledger. Only if that copy is permanently lost, run "certline audit checkpoint --accept-loss".`;
  return new PkiError('LEDGER_STALE', message, { reason });
}
