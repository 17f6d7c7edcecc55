import type { SqlTransaction } from '../../sql/transaction.ts';
import type { LedgerAuditLog } from './audit-log.ts';

/** What an issuance ends as, and why. */
interface IssuanceEnd {
  readonly state: 'superseded' | 'revoked';
  readonly reason: string;
  /** The person who decided so; absent where the factory line did. */
  readonly by?: string;
}

/** The end of the certificate of a unit that did not pass. */
export const NOT_PASSED: IssuanceEnd = { state: 'revoked', reason: 'cessationOfOperation' };

/** Ends an issuance, for which a signature may exist: what it used of its quota stays used. */
export async function endIssuance(
  transaction: SqlTransaction,
  audit: LedgerAuditLog,
  requestId: string,
  { state, reason, by }: IssuanceEnd,
): Promise<void> {
  const sql =
    'UPDATE issuance SET state = ?, reason = ?, revoked_by = ?, ended_at = ?, held_at = NULL WHERE request_id = ?';
  await transaction.run(sql, state, reason, by, new Date().toISOString(), requestId);
  await audit.append(transaction, state, { requestId, reason, ...(by !== undefined && { by }) });
}
