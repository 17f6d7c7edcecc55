import type { Decision } from '../../provisioning/decision.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { EndedChoice, OpenSupplementInput } from '../../provisioning/supplement.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow, SqlValue } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { RefusedUnit, RerunnableUnits, SupplementRecord } from '../registry.ts';
import { knownBatch } from './batch-records.ts';
import { withdrawAgain } from './outbox-entries.ts';

/** More refusals than this have one cause. */
const MAX_REFUSED = 1_000;

/** Texts of a list that is a parameter, or all where it is NULL. */
const listed = ({ each }: Dialect, value: string, parameter: string): string =>
  `(CAST(${parameter} AS TEXT) IS NULL OR ${value} IN (SELECT value FROM ${each(parameter)} AS listed))`;

/** Rows of units that ended without a pass: ?1 is the batch, ?2 serials, ?3 codes, ?4 whether scrapped ones too. */
const chosen = (dialect: Dialect): string => `units.batch_id = ?1 AND units.outcome <> 'PASS'
  AND (units.outcome <> 'FAIL' OR ?4 = 1)
  AND ${listed(dialect, 'lower(units.serial)', '?2')} AND ${listed(dialect, 'units.code', '?3')}`;

/** Units with one of the codes that stay as they are, because they were scrapped or another batch has them; all four used. */
const chosenOrScrapped = (dialect: Dialect): string => `units.batch_id = ?1 AND units.outcome <> 'PASS'
  AND CAST(?2 AS TEXT) IS NULL AND ${listed(dialect, 'units.code', '?3')}
  AND ((units.outcome = 'FAIL' AND ?4 = 0) OR ${TAKEN_BY} IS NOT NULL)`;

/** The batch that has the serial or the board of a unit that was freed; NULL where none has. */
const TAKEN_BY = `(SELECT taker.batch_id FROM units AS taker WHERE units.freed_at IS NOT NULL AND
    (taker.serial_folded = lower(units.serial) OR taker.board_wanted = units.board_freed) LIMIT 1)`;

/** See Registry.openSupplement. Runs inside a transaction. */
export async function openSupplement(
  db: SqlTransaction,
  supplement: OpenSupplementInput,
): Promise<SupplementRecord> {
  const { batchId, number, choice, decision } = supplement;
  await knownBatch(db, batchId);
  const known = await supplementRow(db, batchId, number);
  if (known !== undefined) return supplementIn(known);
  await db.run(
    `INSERT INTO supplements (batch_id, number, row_count, opened_at, reason, decided_by) VALUES (?, ?, 0, ?, ?, ?)`,
    batchId,
    number,
    new Date().toISOString(),
    decision.reason,
    decision.by,
  );
  const count = await db.run(
    `INSERT INTO supplement_units (batch_id, number, row_number, unit_id, attempts, outcome, code)
     SELECT ?1, ?5, row_number() OVER (ORDER BY units.row_number), units.unit_id, units.attempts, units.outcome, units.code
     FROM units WHERE ${chosen(db.dialect)} AND ${TAKEN_BY} IS NULL`,
    ...chosenBy(batchId, choice),
    number,
  );
  await db.run(
    'UPDATE supplements SET row_count = ? WHERE batch_id = ? AND number = ?',
    count,
    batchId,
    number,
  );
  await recordDecisions(db, { batchId, number }, decision);
  await db.run(
    `UPDATE units SET outcome = NULL, attention = 0, code = NULL, supplement = ?2, ended_attempt = attempts,
       serial_folded = lower(serial), board_wanted = coalesce(board_wanted, board_freed), board_freed = NULL, freed_at = NULL
     WHERE unit_id IN (SELECT unit_id FROM supplement_units WHERE batch_id = ?1 AND number = ?2)`,
    batchId,
    number,
  );
  await withdrawAgain(db, {
    where: 'unit_id IN (SELECT unit_id FROM supplement_units WHERE batch_id = ?2 AND number = ?3)',
    values: [batchId, number],
  });
  if (count > 0) await db.run(`UPDATE batches SET state = 'open' WHERE batch_id = ?`, batchId);
  return supplementIn((await supplementRow(db, batchId, number))!);
}

/** Every unit has the decision on its own record, at the attempt that had ended. */
async function recordDecisions(
  db: SqlTransaction,
  { batchId, number }: { readonly batchId: string; readonly number: number },
  { verdict, reason, by, decidedAt }: Decision,
): Promise<void> {
  await db.run(
    `INSERT INTO decisions (batch_id, unit_id, attempt, verdict, detail, reason, decided_by, decided_at)
     SELECT batch_id, unit_id, CASE WHEN attempts < 1 THEN 1 ELSE attempts END, ?3, ?7, ?4, ?5, ?6
     FROM supplement_units WHERE batch_id = ?1 AND number = ?2 ON CONFLICT DO NOTHING`,
    batchId,
    number,
    verdict,
    reason,
    by,
    decidedAt,
    `supplement ${number}`,
  );
}

/** See Registry.supplements. */
export async function supplements(db: SqlTransaction, batchId: string): Promise<SupplementRecord[]> {
  await knownBatch(db, batchId);
  const sql = 'SELECT * FROM supplements WHERE batch_id = ? ORDER BY number';
  return (await db.all(sql, batchId)).map(supplementIn);
}

/** See Registry.rerunnable. */
export async function rerunnable(
  db: SqlTransaction,
  batchId: string,
  choice: EndedChoice,
): Promise<RerunnableUnits> {
  await knownBatch(db, batchId);
  const sql = `SELECT count(*) AS n FROM units WHERE ${chosen(db.dialect)} AND ${TAKEN_BY} IS NULL`;
  const units = integer((await db.get(sql, ...chosenBy(batchId, choice)))!, 'n');
  return { units, refused: await refusedUnits(db, batchId, choice) };
}

/** Of the units that are named, or of all that ended so: those that stay as they are. */
async function refusedUnits(
  db: SqlTransaction,
  batchId: string,
  choice: EndedChoice,
): Promise<RefusedUnit[]> {
  const { serials } = choice;
  const columns = `units.serial, units.outcome, units.code, units.unit_id, ${TAKEN_BY} AS taker`;
  const rows =
    serials === undefined
      ? await db.all(
          `SELECT ${columns}, 1 AS has_code FROM units WHERE ${chosenOrScrapped(db.dialect)} LIMIT ${MAX_REFUSED}`,
          ...chosenBy(batchId, choice),
        )
      : await db.all(
          `SELECT ${columns}, named.value AS named, CASE WHEN ${listed(db.dialect, 'units.code', '?3')} THEN 1 ELSE 0 END AS has_code
           FROM ${db.dialect.each('?2')} AS named
           LEFT JOIN units ON units.serial_folded IN (named.value, named.value || '/' || ?1) AND units.batch_id = ?1
           WHERE (${chosen(db.dialect)}) IS NOT TRUE OR ${TAKEN_BY} IS NOT NULL LIMIT ${MAX_REFUSED}`,
          ...chosenBy(batchId, choice),
        );
  return rows.map(refusedIn);
}

function refusedIn(row: SqlRow): RefusedUnit {
  if (row['unit_id'] === null) return { serial: text(row, 'named').toUpperCase(), why: 'unknown' };
  const serial = text(row, 'serial');
  if (row['outcome'] === null) return { serial, why: 'open' };
  if (row['outcome'] === 'PASS') return { serial, why: 'passed' };
  if (row['taker'] !== null) return { serial, why: 'taken', detail: text(row, 'taker') };
  if (row['has_code'] === 0) return { serial, why: 'code', ...present(row, { detail: 'code' }) };
  return { serial, why: 'scrapped' };
}

/** Parameters 1 to 4 of `chosen`. */
function chosenBy(batchId: string, { serials, codes, scrapped = false }: EndedChoice): SqlValue[] {
  return [
    batchId,
    serials && JSON.stringify(serials.map(foldSerial)),
    codes && JSON.stringify(codes),
    scrapped ? 1 : 0,
  ];
}

async function supplementRow(
  db: SqlTransaction,
  batchId: string,
  number: number,
): Promise<SqlRow | undefined> {
  return await db.get('SELECT * FROM supplements WHERE batch_id = ? AND number = ?', batchId, number);
}

function supplementIn(row: SqlRow): SupplementRecord {
  return {
    number: integer(row, 'number'),
    quantity: integer(row, 'row_count'),
    openedAt: text(row, 'opened_at'),
    ...present(row, { closedAt: 'closed_at', reason: 'reason', by: 'decided_by' }),
  };
}
