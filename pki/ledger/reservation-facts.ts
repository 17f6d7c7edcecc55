import { foldSerial } from '../../provisioning/serial-number.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { AttemptFacts, ReservationFacts, ResumptionFacts } from '../signing/issuance-policy.ts';
import type { Reservation } from '../signing/issuances.ts';
import { earlierIn, LIVE, SELECT_ISSUANCE } from './issuance-rows.ts';
import { orderOf, releasedUnitIn, standingIn } from './orders.ts';
import { openReworkOf } from './reworks.ts';

/**
 * The release of a serial with its batch's quota and its order; an order that the ledger does not have leaves nulls.
 */
const SELECT_RELEASE = `SELECT r.*, b.quota - b.returned AS batch_quota, b.reserved AS batch_reserved,
    b.manifest_sha256 AS batch_manifest, b.withdrawn_at AS batch_withdrawn, o.*
  FROM released_serial r JOIN batch b USING (batch_id) LEFT JOIN purchase_order o USING (order_id)
  WHERE r.serial_folded = ?`;

/** Of the reservations since a person last said that the clock is right. */
const SELECT_LAST_TIME = `SELECT reserved_at FROM issuance
  WHERE seq > (SELECT coalesce(max(issuance_seq), 0) FROM clock_acceptance) ORDER BY seq DESC LIMIT 1`;

/** All that the policy needs to know about a reservation that exists. */
export async function resumptionFacts(
  transaction: SqlTransaction,
  { serial }: Pick<Reservation, 'serial'>,
): Promise<ResumptionFacts> {
  const release = await transaction.get(SELECT_RELEASE, foldSerial(serial));
  return { ...(await releaseFacts(transaction, release)), lastReservedAt: await lastReservedAt(transaction) };
}

async function releaseFacts(
  transaction: SqlTransaction,
  release: SqlRow | undefined,
): Promise<Omit<ResumptionFacts, 'lastReservedAt'>> {
  if (release === undefined) return { unit: undefined, order: undefined };
  const ofBatch = typeof release['sha256'] === 'string' ? standingIn(release) : undefined;
  const rework = await openReworkOf(transaction, text(release, 'serial_folded'));
  return {
    unit: releasedUnitIn(release),
    order: rework === undefined ? ofBatch : await orderOf(transaction, rework.order),
    ...(rework !== undefined && { rework }),
    ...present(release, { manifestSha256: 'batch_manifest', withdrawnAt: 'batch_withdrawn' }),
  };
}

async function lastReservedAt(transaction: SqlTransaction): Promise<string | undefined> {
  const last = await transaction.get(SELECT_LAST_TIME);
  return last && text(last, 'reserved_at');
}

/** All that the policy needs to know about a further attempt. */
export async function attemptFacts(
  transaction: SqlTransaction,
  { serial }: Pick<Reservation, 'serial'>,
): Promise<AttemptFacts> {
  const folded = foldSerial(serial);
  const release = await transaction.get(SELECT_RELEASE, folded);
  const ofSerial = await transaction.all(`${SELECT_ISSUANCE} WHERE i.serial_folded = ?`, folded);
  return {
    ...(await releaseFacts(transaction, release)),
    quota: release === undefined ? 0 : integer(release, 'batch_quota'),
    reserved: release === undefined ? 0 : integer(release, 'batch_reserved'),
    ofSerial: ofSerial.map(earlierIn),
  };
}

/** All that the policy needs to know about a reservation. */
export async function reservationFacts(
  transaction: SqlTransaction,
  reservation: Reservation,
): Promise<ReservationFacts> {
  const { boardId, spkiSha256 } = reservation;
  const onBoard = await transaction.all(`${SELECT_ISSUANCE} WHERE i.board_id = ? AND ${LIVE}`, boardId);
  const seen = await transaction.get(
    'SELECT request_id FROM issuance WHERE spki_sha256 = ? AND has_old_key = 0',
    spkiSha256,
  );
  return {
    ...(await attemptFacts(transaction, reservation)),
    onBoard: onBoard.map(earlierIn),
    keySeen: seen !== undefined,
    lastReservedAt: await lastReservedAt(transaction),
  };
}
