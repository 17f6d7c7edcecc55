import type { RevocationReason } from '../x509/revocation-reason.ts';
import type { NumberedCrl, WithdrawnCertificate } from '../revocation/withdrawals.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';

/** All that belong on a revocation list, by serial number. */
export async function selectWithdrawn(transaction: SqlTransaction): Promise<WithdrawnCertificate[]> {
  const rows = await transaction.all(
    `SELECT cert_serial, state, reason, ended_at, held_at, tbs FROM issuance
       WHERE ended_at IS NOT NULL OR held_at IS NOT NULL ORDER BY cert_serial`,
  );
  return rows.map((row) => ({
    certificateSerial: String(row['cert_serial']),
    reason: reasonOf(row),
    at: String(row['ended_at'] ?? row['held_at']),
    tbs: row['tbs'] as Uint8Array,
  }));
}

/**
 * The text of `withdrawalMark`: counts and newest times of what is withdrawn and held. Those revoked count besides: where
 * clocks differ, one that was superseded before may become so without being the newest.
 */
export async function selectWithdrawalMark(transaction: SqlTransaction): Promise<string> {
  const ended = await transaction.get(
    `SELECT count(*) AS n, max(ended_at) AS newest, count(CASE WHEN state = 'revoked' THEN 1 END) AS revoked
       FROM issuance WHERE ended_at IS NOT NULL`,
  );
  const held = await transaction.get(
    'SELECT count(*) AS n, max(held_at) AS newest FROM issuance WHERE held_at IS NOT NULL',
  );
  const { n, newest, revoked } = ended ?? {};
  return [n, newest ?? '', revoked, held?.['n'], held?.['newest'] ?? ''].join('/');
}

export async function selectLatestCrl(
  transaction: SqlTransaction,
  issuer: string,
): Promise<NumberedCrl | undefined> {
  const sql = 'SELECT number, mark, made_at FROM crl WHERE issuer = ? ORDER BY number DESC LIMIT 1';
  const row = await transaction.get(sql, issuer);
  if (row === undefined) return undefined;
  return { number: Number(row['number']), mark: String(row['mark']), madeAt: String(row['made_at']) };
}

export async function insertCrl(
  transaction: SqlTransaction,
  { issuer, number, mark, madeAt }: NumberedCrl & { readonly issuer: string },
): Promise<void> {
  const sql = 'INSERT INTO crl (issuer, number, mark, made_at) VALUES (?, ?, ?, ?)';
  await transaction.run(sql, issuer, number, mark, madeAt);
}

export async function updateHeld(
  transaction: SqlTransaction,
  requestId: string,
  heldAt: string | null,
): Promise<void> {
  await transaction.run('UPDATE issuance SET held_at = ? WHERE request_id = ?', heldAt, requestId);
}

/** Superseded ones give the attempt that took their place as their reason; on a list it is the same for all. */
function reasonOf(row: SqlRow): WithdrawnCertificate['reason'] {
  if (row['held_at'] !== null) return 'certificateHold';
  return row['state'] === 'superseded' ? 'superseded' : (row['reason'] as RevocationReason);
}
