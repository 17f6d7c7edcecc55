import { AUDIT_GENESIS, auditBody, auditHash } from '../audit/audit-chain.ts';
import type { AuditEntry, AuditEvent } from '../audit/audit-chain.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';

/** Entries read at once. */
const PAGE = 1_000;

/** Chains an event to the last one; the ledger's write lock keeps others from doing so at the same time. */
export async function appendAudit(transaction: SqlTransaction, event: AuditEvent): Promise<void> {
  const last = await selectAuditHead(transaction);
  const seq = last.size + 1;
  const body = auditBody(event);
  const hash = auditHash(last.hash, seq, body);
  await transaction.run('INSERT INTO audit (seq, body, hash) VALUES (?, ?, ?)', seq, body, hash);
}

/** Where the log stands: how many entries, and the hash of the last. */
export async function selectAuditHead(
  transaction: SqlTransaction,
): Promise<{ readonly size: number; readonly hash: string }> {
  const last = await transaction.get('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  if (last === undefined) return { size: 0, hash: AUDIT_GENESIS };
  return { size: Number(last['seq']), hash: String(last['hash']) };
}

/** The hash of an entry; undefined where there is none. */
export async function selectAuditHash(transaction: SqlTransaction, seq: number): Promise<string | undefined> {
  const row = await transaction.get('SELECT hash FROM audit WHERE seq = ?', seq);
  return row === undefined ? undefined : String(row['hash']);
}

/** The next entries after `seq`, oldest first; an empty list at the end. */
export async function selectAuditPage(transaction: SqlTransaction, seq: number): Promise<AuditEntry[]> {
  const rows = await transaction.all(
    'SELECT seq, body, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?',
    seq,
    PAGE,
  );
  return rows.map((row) => ({
    seq: Number(row['seq']),
    body: String(row['body']),
    hash: String(row['hash']),
  }));
}
