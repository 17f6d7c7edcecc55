import { LIVE_STATES } from './issuances.ts';
import type { IssuanceState, Reservation } from './issuances.ts';
import type { ReleasedUnit } from './releases.ts';
import type { OrderStanding, ReadOrder } from '../orders/order-policy.ts';
import { checkManifest, checkProducts, openOrderAt } from '../orders/order-policy.ts';
import { keepsOldCertificate } from '../../provisioning/rework.ts';
import type { ReleasedRework } from './reworks.ts';
import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';
import { PkiError } from '../pki-error.ts';

/**
 * Whether an issuance is the first of its serial, which uses quota, or a further one, which uses the order's reissues.
 */
export type IssuanceKind = 'first' | 'reissue';

/** The part of an earlier issuance that decides about a new one. */
export interface EarlierIssuance {
  readonly requestId: string;
  readonly batchId: string;
  readonly serial: string;
  readonly attempt: number;
  readonly boardId: string;
  readonly spkiSha256: string;
  readonly state: IssuanceState;
  readonly kind: IssuanceKind;
  /** The station that asked for it; undefined in a row of an earlier version. */
  readonly stationId?: string;
  /** A further attempt at its unit was permitted: this one has given its board up. */
  readonly isGivenUp?: boolean;
}

/** What the ledger knows at the moment of a reservation, read under its write lock. */
export interface ReservationFacts {
  readonly unit: ReleasedUnit | undefined;
  /** The order of the rework; without one, that of the unit's batch. */
  readonly order: OrderStanding | undefined;
  /** The unit had passed, and may get another certificate. */
  readonly rework?: ReleasedRework;
  /** Of the unit's batch. */
  readonly quota: number;
  readonly reserved: number;
  /** All issuances of the serial, in any state. */
  readonly ofSerial: readonly EarlierIssuance[];
  /** The live issuances that the board holds, of any serial: one, and one that is pending behind it. */
  readonly onBoard: readonly EarlierIssuance[];
  /** The manifest of the unit's batch; undefined for a batch that an earlier version released. */
  readonly manifestSha256?: string;
  /** When a person took back what was left of the unit's batch; ISO 8601. */
  readonly withdrawnAt?: string;
  readonly keySeen: boolean;
  /** Time of the latest reservation, ISO 8601. */
  readonly lastReservedAt: string | undefined;
}

/** An earlier issuance that gives way, and why. */
interface Displacement {
  readonly earlier: EarlierIssuance;
  readonly reason: string;
}

export interface ReservationPlan {
  readonly kind: IssuanceKind;
  readonly displaced: readonly Displacement[];
  readonly rework?: ReleasedRework;
  /** The request whose certificate this one takes the place of. */
  readonly supersedes?: string;
  /** That certificate stays active until this one is. */
  readonly isPending: boolean;
  /** The key was certified before, for the same unit and board. */
  readonly hasOldKey: boolean;
}

/**
 * Decides whether a reservation may be made, and what gives way to it. In this order: the clock has not gone back; the
 * serial is released, to this batch, product and board; the attempt was not withdrawn with its unit, which has not ended;
 * the order of the batch is open, the one that the signer has read, and for this product and manifest;
 * the key was never seen, not even for the same unit; the attempt is newer than all before; the board is free; there is
 * quota left.
 *
 * The tie between board and serial grows with what is known. A live certificate that no board is known to carry gives
 * way: to a newer attempt of its serial, on whichever board, and to another serial on its board, since the caller that
 * asks for that has already overwritten the key. Once `active` the tie holds until the certificate is revoked: only a rework
 * gives its serial another one, on the same board, and its board takes no other serial. Another station takes a board from a
 * unit only once a further attempt at that unit was permitted.
 *
 * A rework says what else may be: a swap puts the serial on another board, a renewal certifies the active key again. Both
 * leave the active certificate as it is until the new one is active.
 *
 * Throws CLOCK_WRONG, NOT_RELEASED, CERTIFICATE_WITHDRAWN, UNIT_ENDED, ORDER_UNKNOWN, ORDER_INVALID, ORDER_CLOSED, ORDER_NOT_OPEN,
 * ORDER_EXPIRED, ORDER_MISMATCH, KEY_REUSED, ALREADY_ISSUED, BOARD_BOUND, SERIAL_BOUND, QUOTA_EXCEEDED.
 */
export function planReservation(
  reservation: Reservation,
  facts: ReservationFacts,
  read?: ReadOrder,
): ReservationPlan {
  const { rework } = facts;
  checkClock(reservation, facts.lastReservedAt);
  checkRelease(reservation, facts.unit);
  const order = checkOrder(reservation, facts, { at: reservation.reservedAt, read });
  const live = facts.ofSerial.filter(({ state }) => LIVE_STATES.has(state));
  const active = live.find(({ state }) => state === 'active');
  if (rework?.kind === 'scrap') throw notReleased(reservation.serial, 'it is being scrapped', 'rework');
  const hasOldKey = rework?.kind === 'renew';
  if (hasOldKey) checkRenewal(reservation, active);
  else if (facts.keySeen) throw keyReused(reservation);
  checkAttempt(reservation, facts.ofSerial);
  checkBoard(reservation, rework?.kind === 'swap' ? undefined : active, facts.onBoard);
  if (active !== undefined && rework === undefined) throw isDelivered(reservation, active);
  for (const onBoard of facts.onBoard) checkStation(reservation, onBoard);
  const isPending = rework !== undefined && keepsOldCertificate(rework.kind) && active !== undefined;
  const kind = checkQuota(reservation, { ...facts, order });
  return {
    kind,
    displaced: [
      ...live
        .filter((earlier) => !(isPending && earlier === active))
        .map((earlier) => ({ earlier, reason: `attempt ${reservation.attempt}` })),
      ...facts.onBoard
        .filter(({ requestId }) => !live.some((earlier) => earlier.requestId === requestId))
        .map((earlier) => ({ earlier, reason: `board taken by ${reservation.serial}` })),
    ],
    isPending,
    hasOldKey,
    ...(rework !== undefined && { rework }),
    ...(rework !== undefined && active !== undefined && { supersedes: active.requestId }),
  };
}

/** What decides whether an attempt may be made. */
export type AttemptFacts = Omit<ReservationFacts, 'onBoard' | 'keySeen' | 'lastReservedAt'>;

/**
 * Decides whether a certificate would be signed for a further attempt, as far as no board and no key is known yet: else a board would be
 * taken for nothing. Throws as `planReservation` does about order and quota.
 */
export function planAttempt(
  unit: Pick<Reservation, 'batchId' | 'serial' | 'product'>,
  facts: AttemptFacts,
  when: { readonly at: string; readonly read?: ReadOrder | undefined },
): void {
  checkQuota(unit, { ...facts, order: checkOrder(unit, facts, when) });
}

/** What decides whether a reservation that exists may be signed. */
export type ResumptionFacts = Pick<
  ReservationFacts,
  'unit' | 'order' | 'rework' | 'manifestSha256' | 'withdrawnAt' | 'lastReservedAt'
>;

/**
 * Decides whether a reservation that was made before may be signed at `at`, ISO 8601: what has changed since then applies, by the
 * order that the signer has read. Throws as `planReservation` does about clock, release and order.
 */
export function planResumption(
  reservation: Reservation,
  facts: ResumptionFacts,
  when: { readonly at: string; readonly read?: ReadOrder | undefined },
): void {
  checkClock({ ...reservation, reservedAt: when.at }, facts.lastReservedAt);
  checkRelease(reservation, facts.unit);
  checkOrder(reservation, facts, when);
}

/**
 * The order of the batch, or of the rework, by what it says now: a revision may have taken back a product or a manifest. What
 * was left of a batch and taken back are units that had not passed.
 */
function checkOrder(
  reservation: Pick<Reservation, 'batchId' | 'serial' | 'product'>,
  { order: standing, rework, manifestSha256, withdrawnAt }: Omit<ResumptionFacts, 'lastReservedAt' | 'unit'>,
  when: { readonly at: string; readonly read?: ReadOrder | undefined },
): OrderStanding {
  const { batchId, serial } = reservation;
  if (withdrawnAt !== undefined && rework === undefined)
    throw notReleased(serial, `the batch ${batchId} was withdrawn at ${withdrawnAt}`, 'withdrawn');
  const order = openOrderAt(standing, { batchId, ...when });
  checkProducts(order, [reservation]);
  if (manifestSha256 !== undefined) checkManifest(order, { manifestSha256 });
  return order;
}

function checkClock({ reservedAt }: Reservation, lastReservedAt: string | undefined): void {
  if (
    lastReservedAt === undefined ||
    Date.parse(reservedAt) >= Date.parse(lastReservedAt) - CLOCK_TOLERANCE_MS
  )
    return;
  throw new PkiError(
    'CLOCK_WRONG',
    `The clock of the signer shows ${reservedAt}, but the last signature was at ${lastReservedAt}: set the clock.`,
  );
}

function checkRelease(reservation: Reservation, unit: ReleasedUnit | undefined): void {
  const { serial, batchId, product, boardId } = reservation;
  if (unit === undefined || unit.batchId !== batchId) {
    throw notReleased(serial, `it is not in the released manifest of batch ${batchId}`, 'serial');
  }
  if (unit.product !== product)
    throw notReleased(serial, `it is released for product ${unit.product}`, 'product');
  if (unit.boardId !== undefined && unit.boardId !== boardId) {
    throw notReleased(serial, `it is released for the board ${unit.boardId}`, 'board');
  }
  if (reservation.attempt > unit.withdrawnAttempt) {
    if (unit.isEnded) throw unitEnded(reservation, unit.withdrawnAttempt);
    return;
  }
  const message = `The unit ${serial} ended with attempt ${unit.withdrawnAttempt}: nothing is signed for attempt ${reservation.attempt}.`;
  throw new PkiError('CERTIFICATE_WITHDRAWN', message, { reason: 'unit' });
}

function checkAttempt({ serial, attempt }: Reservation, ofSerial: readonly EarlierIssuance[]): void {
  const newest = Math.max(0, ...ofSerial.map((earlier) => earlier.attempt));
  if (attempt > newest) return;
  throw new PkiError(
    'ALREADY_ISSUED',
    `The request for ${serial} has another key and attempt ${attempt}, but attempt ${newest} exists already: start a new attempt.`,
    { reason: 'attempt' },
  );
}

function checkBoard(
  { serial, boardId }: Reservation,
  active: EarlierIssuance | undefined,
  onBoard: readonly EarlierIssuance[],
): void {
  const other = onBoard.find((earlier) => earlier.state === 'active' && earlier.serial !== serial);
  if (other !== undefined) {
    const message = `The hardware id ${boardId} has the active certificate of ${other.serial}, so it gets none for ${serial}: revoke that certificate first, or use another board. If this board is blank, look for a second one with this id.`;
    throw new PkiError('BOARD_BOUND', message);
  }
  if (active !== undefined && active.boardId !== boardId) {
    const message = `The active certificate of ${serial} is on the board ${active.boardId}, not on ${boardId}: load that board, or revoke the certificate first.`;
    throw new PkiError('SERIAL_BOUND', message);
  }
}

/** The board may be with its customer: what ends its certificate is a rework, or a person at the signer. */
function isDelivered({ serial }: Reservation, active: EarlierIssuance): PkiError {
  return new PkiError(
    'ALREADY_ISSUED',
    `The serial ${serial} has an active certificate, of attempt ${active.attempt} on the board ${active.boardId}: ask for a rework of the unit, or revoke that certificate first.`,
    { reason: 'active' },
  );
}

/** No station can end what another one has under way. */
function checkStation(
  { serial, boardId, stationId }: Reservation,
  onBoard: EarlierIssuance | undefined,
): void {
  if (onBoard === undefined || onBoard.serial === serial || onBoard.isGivenUp === true) return;
  if (onBoard.stationId === undefined || onBoard.stationId === stationId) return;
  const message = `The board ${boardId} is the one of ${onBoard.serial} at station ${onBoard.stationId}, so it gets no certificate for ${serial} at another station: retry or skip ${onBoard.serial} first.`;
  throw new PkiError('BOARD_BOUND', message, { reason: 'station' });
}

/** What is issued in a rework for the first time was counted when the rework was released. */
function checkQuota(
  { batchId }: Pick<Reservation, 'batchId'>,
  facts: AttemptFacts & { readonly order: OrderStanding },
): IssuanceKind {
  const kind = facts.ofSerial.some((earlier) => earlier.kind === 'first') ? 'reissue' : 'first';
  if (facts.rework?.isUsed === false) return kind;
  const [used, limit] =
    kind === 'first' ? [facts.reserved, facts.quota] : [facts.order.reissued, facts.order.reissues];
  if (used < limit) return kind;
  const what =
    kind === 'first' ? `certificates of batch ${batchId}` : `reissues of order ${facts.order.order}`;
  const message = `All ${limit} ${what} are used: have a revision of the order signed for more.`;
  throw new PkiError('QUOTA_EXCEEDED', message, { reason: kind });
}

/** A unit that is started again by hand, or by a reset, must not come back after a person scrapped it. */
function unitEnded({ serial, attempt }: Reservation, ended: number): PkiError {
  const message = `The unit ${serial} ended with attempt ${ended}, so nothing is signed for attempt ${attempt}: run it again with "certline unit rerun ${serial}".`;
  return new PkiError('UNIT_ENDED', message);
}

/** A renewal is of the certificate that is in use, for just its key. */
function checkRenewal({ serial, spkiSha256 }: Reservation, active: EarlierIssuance | undefined): void {
  if (active === undefined) throw notReleased(serial, 'it has no active certificate to renew', 'renewal');
  if (active.spkiSha256 === spkiSha256) return;
  throw notReleased(serial, 'the key on its board is not that of the certificate to renew', 'renewal');
}

function keyReused({ serial }: Reservation): PkiError {
  return new PkiError(
    'KEY_REUSED',
    `The key for ${serial} was certified before: stop the station that sent it, because its random numbers may repeat.`,
  );
}

function notReleased(serial: string, why: string, reason: string): PkiError {
  return new PkiError('NOT_RELEASED', `The signer signs nothing for the serial ${serial}: ${why}.`, {
    reason,
  });
}
