import { foldSerial } from '../../provisioning/serial-number.ts';
import { bytes, integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { PkiError } from '../pki-error.ts';
import type { EarlierIssuance, IssuanceKind } from '../signing/issuance-policy.ts';
import type { Issuance, IssuanceState } from '../signing/issuances.ts';

/** The columns that `issuanceIn` reads, to which a WHERE is added. */
export const SELECT_ISSUANCE = `SELECT i.*, r.serial, r.product, r.permitted_attempt,
    CASE WHEN i.rework_id IS NULL THEN NULL ELSE (SELECT w.rework_id FROM rework w
      WHERE w.rework_id = i.rework_id AND w.serial_folded = i.serial_folded AND w.ended_at IS NULL) END AS open_rework
  FROM issuance i JOIN released_serial r USING (serial_folded)`;

/** As the partial indexes say it, or the database would not use them. */
export const LIVE = 'i.ended_at IS NULL';

export async function issuanceOf(
  transaction: SqlTransaction,
  requestId: string,
): Promise<Issuance | undefined> {
  const row = await transaction.get(`${SELECT_ISSUANCE} WHERE i.request_id = ?`, requestId);
  return row && issuanceIn(row);
}

/** Throws ISSUANCE_UNKNOWN. */
export async function knownIssuance(transaction: SqlTransaction, requestId: string): Promise<Issuance> {
  const issuance = await issuanceOf(transaction, requestId);
  if (issuance !== undefined) return issuance;
  const message = `No certificate was requested as ${requestId}: check the request id.`;
  throw new PkiError('ISSUANCE_UNKNOWN', message);
}

/** What is live of a serial: at most one issuance, and one that is pending behind it. */
export async function liveIssuancesOf(transaction: SqlTransaction, serial: string): Promise<Issuance[]> {
  const sql = `${SELECT_ISSUANCE} WHERE i.serial_folded = ? AND ${LIVE} ORDER BY i.is_pending`;
  return (await transaction.all(sql, foldSerial(serial))).map(issuanceIn);
}

/** The one that is live, not what is pending behind it. */
export async function liveIssuanceOf(
  transaction: SqlTransaction,
  serial: string,
): Promise<Issuance | undefined> {
  return (await liveIssuancesOf(transaction, serial))[0];
}

/** The error for an issuance that is not live, or has no certificate. */
export function withdrawn(requestId: string, issuance: Issuance | undefined): PkiError {
  const what =
    issuance === undefined ? 'is unknown' : `is ${issuance.state} (${issuance.reason ?? 'not issued'})`;
  const message = `The certificate of request ${requestId} ${what}: start a new attempt.`;
  return new PkiError('CERTIFICATE_WITHDRAWN', message, { reason: issuance?.state ?? 'unknown' });
}

/** The issuance in a row of `SELECT_ISSUANCE`. */
export function issuanceIn(row: SqlRow): Issuance {
  const { certificate } = row;
  return {
    requestId: text(row, 'request_id'),
    requestSha256: text(row, 'request_sha256'),
    batchId: text(row, 'batch_id'),
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    attempt: integer(row, 'attempt'),
    boardId: text(row, 'board_id'),
    spkiSha256: text(row, 'spki_sha256'),
    certificateSerial: text(row, 'cert_serial'),
    notBefore: text(row, 'not_before'),
    notAfter: text(row, 'not_after'),
    tbs: bytes(row, 'tbs'),
    reservedAt: text(row, 'reserved_at'),
    state: text(row, 'state') as IssuanceState,
    ...(certificate instanceof Uint8Array ? { certificate } : {}),
    ...present(row, { stationId: 'station_id', reason: 'reason', endedAt: 'ended_at', heldAt: 'held_at' }),
    ...present(row, { reworkId: 'rework_id', supersedes: 'supersedes' }),
    ...(row['open_rework'] !== null && { isInRework: true }),
  };
}

/** What the policy needs of such a row. */
export function earlierIn(row: SqlRow): EarlierIssuance {
  return {
    requestId: text(row, 'request_id'),
    batchId: text(row, 'batch_id'),
    serial: text(row, 'serial'),
    attempt: integer(row, 'attempt'),
    boardId: text(row, 'board_id'),
    spkiSha256: text(row, 'spki_sha256'),
    state: text(row, 'state') as IssuanceState,
    kind: text(row, 'kind') as IssuanceKind,
    isGivenUp: integer(row, 'permitted_attempt') > integer(row, 'attempt'),
    ...present(row, { stationId: 'station_id' }),
  };
}

/** The highest attempt of a serial for which something may have been signed; 0 for none. */
export async function newestAttempt(transaction: SqlTransaction, serial: string): Promise<number> {
  const sql = 'SELECT coalesce(max(attempt), 0) AS newest FROM issuance WHERE serial_folded = ?';
  return integer((await transaction.get(sql, foldSerial(serial)))!, 'newest');
}
