import { foldSerial } from '../../provisioning/serial-number.ts';
import type { PermittedTerms, PermitTerms } from '../../provisioning/permit.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { PkiError } from '../pki-error.ts';
import { planAttempt } from '../signing/issuance-policy.ts';
import type { AttemptWord, ReleasedUnit } from '../signing/releases.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import { newestAttempt } from './issuance-rows.ts';
import { releasedUnit } from './orders.ts';
import { replaceableOf } from './replaceable.ts';
import { attemptFacts } from './reservation-facts.ts';

/** As `FurtherAttempts.permitAttempt` says. */
export async function permitAttempt(
  transaction: SqlTransaction,
  audit: LedgerAuditLog,
  terms: PermitTerms,
  word: AttemptWord,
): Promise<PermittedTerms> {
  const { serial, attempt: asked } = terms;
  const unit = await releasedUnit(transaction, serial);
  const sqlOrder = `SELECT coalesce((SELECT w.order_id FROM rework w WHERE w.serial_folded = ? AND w.ended_at IS NULL),
    order_id) AS order_id FROM batch WHERE batch_id = ?`;
  const batch = await transaction.get(sqlOrder, foldSerial(serial), terms.batchId);
  if (unit === undefined || batch?.['order_id'] !== terms.order || !isReleasedSo(unit, terms))
    throw notReleased(terms);
  if (asked < unit.askedAttempt) throw askedBefore(terms, unit);
  if (asked === unit.askedAttempt) return await permittedBefore(transaction, terms, unit);
  if (unit.isEnded && !word.isFresh) throw askedBeforeItsEnd(terms);
  const facts = await attemptFacts(transaction, terms);
  if (facts.rework?.kind !== 'scrap') planAttempt(terms, facts, { at: word.at, read: word.read?.() });
  const issued = await newestAttempt(transaction, serial);
  const attempt = Math.max(asked, unit.permittedAttempt, unit.withdrawnAttempt + 1, issued + 1);
  // The registry says that the unit is open: what ended it here was not the unit.
  const sql =
    'UPDATE released_serial SET permitted_attempt = ?, asked_attempt = ?, ended = 0 WHERE serial_folded = ?';
  await transaction.run(sql, attempt, asked, foldSerial(serial));
  await audit.append(transaction, 'attempt-permitted', { serial: unit.serial, attempt, asked });
  return { ...terms, attempt, ...(await replaceableOf(transaction, { serial, attempt })) };
}

/**
 * One word of the intake gives one number, however often it comes: everybody can read it and send it again. With a number that has
 * ended nothing on a board may be replaced.
 */
async function permittedBefore(
  transaction: SqlTransaction,
  terms: PermitTerms,
  unit: ReleasedUnit,
): Promise<PermittedTerms> {
  const { serial, isEnded, permittedAttempt: attempt, withdrawnAttempt } = unit;
  const hasEnded = isEnded || attempt <= withdrawnAttempt;
  return { ...terms, attempt, ...(!hasEnded && (await replaceableOf(transaction, { serial, attempt }))) };
}

function askedBefore({ serial, attempt }: PermitTerms, { askedAttempt }: ReleasedUnit): PkiError {
  const message = `Attempt ${attempt} at ${serial} is not permitted: attempt ${askedAttempt} was asked for since. Retry the unit; if nobody has just reset it, find out who asked.`;
  return new PkiError('RELEASE_CONFLICT', message, { reason: 'attempt' });
}

function askedBeforeItsEnd({ serial, attempt }: PermitTerms): PkiError {
  const message = `The unit ${serial} has ended, and attempt ${attempt} at it was asked for long ago: retry the unit if it waits, or else find out who asked.`;
  return new PkiError('UNIT_ENDED', message, { reason: 'age' });
}

function isReleasedSo(
  unit: ReleasedUnit,
  { batchId, serial, product, boardId, attempt }: PermitTerms,
): boolean {
  const isSame = unit.batchId === batchId && unit.serial === serial && unit.product === product;
  return isSame && unit.boardId === boardId && Number.isSafeInteger(attempt) && attempt >= 1;
}

function notReleased({ serial, batchId }: PermitTerms): PkiError {
  const message = `The unit ${serial.slice(0, 40)} is not released like this in the batch ${batchId.slice(0, 60)}, so no attempt at it is permitted: find out who asked.`;
  return new PkiError('NOT_RELEASED', message, { reason: 'permit' });
}
