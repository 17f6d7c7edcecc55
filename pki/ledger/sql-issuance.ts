import { foldSerial } from '../../provisioning/serial-number.ts';
import type { Issuance, IssuanceState, Reservation } from '../signing/issuances.ts';
import type { EarlierIssuance, IssuanceKind, ReservationFacts } from '../signing/issuance-policy.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { countOrder, standingOf } from './sql-order.ts';
import { releasedUnitOf } from './sql-release.ts';

/** The columns that `issuanceOf` reads, to which a WHERE is added. */
export const SELECT_ISSUANCE = `SELECT i.*, r.serial, r.product FROM issuance i JOIN released_serial r USING (serial_folded)`;
/** As the partial indexes say it, or the database would not use them. */
const LIVE = 'i.ended_at IS NULL';

export async function selectIssuance(
  transaction: SqlTransaction,
  requestId: string,
): Promise<Issuance | undefined> {
  return issuanceOf(await transaction.get(`${SELECT_ISSUANCE} WHERE i.request_id = ?`, requestId));
}

export async function selectLiveIssuance(
  transaction: SqlTransaction,
  serial: string,
): Promise<Issuance | undefined> {
  return issuanceOf(
    await transaction.get(`${SELECT_ISSUANCE} WHERE i.serial_folded = ? AND ${LIVE}`, foldSerial(serial)),
  );
}

/** The release of a serial with its batch's quota and its order; an order that the ledger does not have leaves nulls. */
const SELECT_RELEASE = `SELECT r.*, b.quota AS batch_quota, b.reserved AS batch_reserved, o.*
  FROM released_serial r JOIN batch b USING (batch_id) LEFT JOIN purchase_order o USING (order_id)
  WHERE r.serial_folded = ?`;

/** All that the policy wants to know about a reservation. */
export async function selectFacts(
  transaction: SqlTransaction,
  { serial, boardId, spkiSha256 }: Reservation,
): Promise<ReservationFacts> {
  const release = await transaction.get(SELECT_RELEASE, foldSerial(serial));
  const ofSerial = await transaction.all(`${SELECT_ISSUANCE} WHERE i.serial_folded = ?`, foldSerial(serial));
  const onBoard = await transaction.get(`${SELECT_ISSUANCE} WHERE i.board_id = ? AND ${LIVE}`, boardId);
  const last = await transaction.get('SELECT reserved_at FROM issuance ORDER BY seq DESC LIMIT 1');
  const seen = await transaction.get('SELECT request_id FROM issuance WHERE spki_sha256 = ?', spkiSha256);
  return {
    unit: release === undefined ? undefined : releasedUnitOf(release),
    order: typeof release?.['order_id'] === 'string' ? standingOf(release) : undefined,
    quota: Number(release?.['batch_quota'] ?? 0),
    reserved: Number(release?.['batch_reserved'] ?? 0),
    ofSerial: ofSerial.map(earlierOf),
    onBoard: onBoard === undefined ? undefined : earlierOf(onBoard),
    keySeen: seen !== undefined,
    lastReservedAt: last === undefined ? undefined : String(last['reserved_at']),
  };
}

/** Writes the row of a reservation and counts it against its batch. */
export async function insertReservation(
  transaction: SqlTransaction,
  reservation: Reservation,
  kind: IssuanceKind,
): Promise<void> {
  await countIssuance(transaction, reservation.batchId, kind);
  await transaction.run(
    `INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, spki_sha256,
       cert_serial, not_before, not_after, tbs, kind, state, reserved_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'signing', ?)`,
    reservation.requestId,
    reservation.requestSha256,
    reservation.batchId,
    foldSerial(reservation.serial),
    reservation.attempt,
    reservation.boardId,
    reservation.spkiSha256,
    reservation.certificateSerial,
    reservation.notBefore,
    reservation.notAfter,
    reservation.tbs,
    kind,
    reservation.reservedAt,
  );
}

export async function updateState(
  transaction: SqlTransaction,
  requestId: string,
  state: IssuanceState,
): Promise<void> {
  await transaction.run('UPDATE issuance SET state = ? WHERE request_id = ?', state, requestId);
}

/** Stores the certificate of an issuance that may still get one; false for any other. */
export async function updateIssued(
  transaction: SqlTransaction,
  requestId: string,
  certificate: Uint8Array,
): Promise<boolean> {
  const sql = `UPDATE issuance SET state = 'issued', certificate = ? WHERE request_id = ? AND state = 'signing'`;
  return (await transaction.run(sql, certificate, requestId)) > 0;
}

/** What an issuance ends as, and why. */
export interface IssuanceEnd {
  readonly state: 'superseded' | 'revoked';
  readonly reason: string;
}

/** Ends an issuance, for which a signature may exist: what it used of its quota stays used. */
export async function updateEnded(
  transaction: SqlTransaction,
  requestId: string,
  { state, reason, at }: IssuanceEnd & { readonly at: string },
): Promise<void> {
  const sql = 'UPDATE issuance SET state = ?, reason = ?, ended_at = ?, held_at = NULL WHERE request_id = ?';
  await transaction.run(sql, state, reason, at, requestId);
}

async function countIssuance(
  transaction: SqlTransaction,
  batchId: string,
  kind: IssuanceKind,
): Promise<void> {
  const column = kind === 'first' ? 'reserved' : 'reissued';
  await transaction.run(`UPDATE batch SET ${column} = ${column} + 1 WHERE batch_id = ?`, batchId);
  if (kind === 'first') return;
  const row = await transaction.get('SELECT order_id FROM batch WHERE batch_id = ?', batchId);
  await countOrder(transaction, String(row?.['order_id']), 'reissued', 1);
}

function earlierOf(row: SqlRow): EarlierIssuance {
  return {
    requestId: String(row['request_id']),
    batchId: String(row['batch_id']),
    serial: String(row['serial']),
    attempt: Number(row['attempt']),
    boardId: String(row['board_id']),
    state: row['state'] as IssuanceState,
    kind: row['kind'] as IssuanceKind,
  };
}

/** The issuance in a row of `SELECT_ISSUANCE`. */
export function issuanceOf(row: SqlRow | undefined): Issuance | undefined {
  if (row === undefined) return undefined;
  const { certificate, reason, ended_at: endedAt, held_at: heldAt } = row;
  return {
    requestId: String(row['request_id']),
    requestSha256: String(row['request_sha256']),
    batchId: String(row['batch_id']),
    serial: String(row['serial']),
    product: String(row['product']),
    attempt: Number(row['attempt']),
    boardId: String(row['board_id']),
    spkiSha256: String(row['spki_sha256']),
    certificateSerial: String(row['cert_serial']),
    notBefore: String(row['not_before']),
    notAfter: String(row['not_after']),
    tbs: row['tbs'] as Uint8Array,
    reservedAt: String(row['reserved_at']),
    state: row['state'] as IssuanceState,
    ...(certificate instanceof Uint8Array ? { certificate } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof endedAt === 'string' ? { endedAt } : {}),
    ...(typeof heldAt === 'string' ? { heldAt } : {}),
  };
}
