import { AUDIT_GENESIS, auditBody, auditHash, type AuditEntry, type AuditEvent } from './audit-chain.ts';
import type { LedgerTransaction } from './ledger-database.ts';

/** Entries read at once. */
const PAGE = 1_000;

/** Chains an event to the last one; the ledger's write lock keeps others from doing so at the same time. */
export async function appendAudit(transaction: LedgerTransaction, event: AuditEvent): Promise<void> {
  const last = await transaction.get('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  const seq = Number(last?.['seq'] ?? 0) + 1;
  const body = auditBody(event);
  const hash = auditHash(last === undefined ? AUDIT_GENESIS : String(last['hash']), seq, body);
  await transaction.run('INSERT INTO audit (seq, body, hash) VALUES (?, ?, ?)', seq, body, hash);
}

/** The next entries after `seq`, oldest first; an empty list at the end. */
export async function selectAuditPage(transaction: LedgerTransaction, seq: number): Promise<AuditEntry[]> {
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
