import { integer, text } from '../../../sql/row.ts';
import type { SqlRow } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { BEGUN } from '../orders.ts';
import type { AuditedRecords } from './audited-records.ts';
import { FRESH_UNIT, returnedKey } from './audited-units.ts';
import type { AuditedUnit, AuditedUnits } from './audited-units.ts';
import { PAGE, rowPages, rowsBy } from './pages.ts';

const SELECT_BEGUN_UNIT = `SELECT * FROM released_serial WHERE ${BEGUN}`;

/** Which attempts may be made at each unit. */
export async function checkUnits(
  transaction: SqlTransaction,
  { units: audited }: AuditedRecords,
): Promise<string[]> {
  const found: string[] = [];
  const seen = new Set<string>();
  for await (const page of rowPages(transaction, SELECT_BEGUN_UNIT, 'serial_folded'))
    for (const row of page) {
      const folded = text(row, 'serial_folded');
      seen.add(folded);
      const unit = audited.units.get(folded) ?? FRESH_UNIT;
      const isVagueRun = audited.vagueRuns.has(String(row['further_run']));
      if (!isAs(row, unit, isVagueRun) && !audited.mayBeReleasedAgain(unit, releasedBy(row)))
        found.push(differs(folded));
    }
  return [...found, ...(await checkUnseen(transaction, audited, seen))];
}

/** Units of which the log says more than their release, and the ledger does not, or does not have them. */
async function checkUnseen(
  transaction: SqlTransaction,
  audited: AuditedUnits,
  seen: ReadonlySet<string>,
): Promise<string[]> {
  const unseen = [...audited.units].filter(([folded, unit]) => !seen.has(folded) && !isFresh(unit));
  const found: string[] = [];
  const select = 'SELECT serial_folded, entry FROM released_serial WHERE serial_folded';
  for (let at = 0; at < unseen.length; at += PAGE) {
    const page = new Map(unseen.slice(at, at + PAGE));
    const known = await rowsBy(transaction, select, 'serial_folded', [...page.keys()]);
    for (const [folded, unit] of page) {
      const row = known.get(folded);
      if (!audited.mayBeReleasedAgain(unit, row && releasedBy(row))) found.push(differs(folded));
    }
  }
  return found;
}

/** Units that were given back: the same unit is given back once. */
export async function checkReturned(
  transaction: SqlTransaction,
  { units: { returned, hasVagueReturns } }: AuditedRecords,
): Promise<string[]> {
  if (hasVagueReturns) return [];
  const rows = await transaction.all('SELECT * FROM returned_serial');
  const isSame = rows.every((row) => {
    const after = returned.get(returnedKey(text(row, 'batch_id'), text(row, 'serial_folded')));
    // What was given back twice was so after more supplements.
    return after !== undefined && integer(row, 'supplements') >= after;
  });
  return isSame && rows.length === returned.size ? [] : ['other units were given back than by the audit log'];
}

/** A further attempt of an earlier version changed more than its entry says. */
function isAs(row: SqlRow, unit: AuditedUnit, isVagueRun: boolean): boolean {
  const withdrawn = integer(row, 'withdrawn_attempt');
  if (integer(row, 'permitted_attempt') !== unit.permitted || integer(row, 'asked_attempt') !== unit.asked)
    return false;
  if (withdrawn < unit.withdrawn) return false;
  if (isVagueRun) return true;
  return (
    integer(row, 'further_attempt') === unit.further &&
    (row['further_run'] ?? undefined) === unit.run &&
    (unit.isVague || (withdrawn === unit.withdrawn && (row['ended'] === 1) === unit.isEnded))
  );
}

function isFresh({ entry: _entry, isVague: _isVague, ...unit }: AuditedUnit): boolean {
  return (Object.keys(unit) as (keyof typeof unit)[]).every((key) => unit[key] === FRESH_UNIT[key]);
}

function differs(folded: string): string {
  return `the unit ${folded.toUpperCase()} has other attempts than by the audit log`;
}

function releasedBy(row: SqlRow): number {
  return row['entry'] === null ? 0 : integer(row, 'entry');
}
