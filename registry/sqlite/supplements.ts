import type { Decision } from '../../provisioning/decision.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { EndedChoice, OpenSupplementInput } from '../../provisioning/supplement.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow, SqlValue } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { RefusedUnit, RerunnableUnits, SupplementRecord } from '../registry.ts';
import { knownBatch } from './batch-records.ts';

/** More refusals than this have one cause. */
const MAX_REFUSED = 1_000;

/** Rows of units that ended without a pass: ?1 is the batch, ?2 serials, ?3 codes, ?4 whether scrapped ones too. */
const CHOSEN = `units.batch_id = ?1 AND units.outcome <> 'PASS'
  AND (units.outcome <> 'FAIL' OR ?4)
  AND (?2 IS NULL OR lower(units.serial) IN (SELECT value FROM json_each(?2)))
  AND (?3 IS NULL OR units.code IN (SELECT value FROM json_each(?3)))`;

/** Units with one of the codes that stay as they are, because they were scrapped or another batch has them; all four used. */
const CHOSEN_OR_SCRAPPED = `units.batch_id = ?1 AND units.outcome <> 'PASS' AND ?2 IS NULL
  AND (?3 IS NULL OR units.code IN (SELECT value FROM json_each(?3)))
  AND ((units.outcome = 'FAIL' AND NOT ?4) OR taker IS NOT NULL)`;

/** The batch that has the serial or the board of a unit that was freed; NULL where none has. */
const TAKEN_BY = `(SELECT taker.batch_id FROM units AS taker WHERE units.freed_at IS NOT NULL AND
    (taker.serial_folded = lower(units.serial) OR taker.board_wanted = units.board_freed) LIMIT 1)`;

/** See Registry.openSupplement. Runs inside a transaction. */
export function openSupplement(db: SqliteConnection, supplement: OpenSupplementInput): SupplementRecord {
  const { batchId, number, choice, decision } = supplement;
  knownBatch(db, batchId);
  const known = supplementRow(db, batchId, number);
  if (known !== undefined) return supplementIn(known);
  db.run(
    `INSERT INTO supplements (batch_id, number, row_count, opened_at, reason, decided_by) VALUES (?, ?, 0, ?, ?, ?)`,
    batchId,
    number,
    new Date().toISOString(),
    decision.reason,
    decision.by,
  );
  const count = db.run(
    `INSERT INTO supplement_units (batch_id, number, row_number, unit_id, attempts, outcome, code)
     SELECT ?1, ?5, row_number() OVER (ORDER BY units.row_number), units.unit_id, units.attempts, units.outcome, units.code
     FROM units WHERE ${CHOSEN} AND ${TAKEN_BY} IS NULL`,
    ...chosenBy(batchId, choice),
    number,
  );
  db.run('UPDATE supplements SET row_count = ? WHERE batch_id = ? AND number = ?', count, batchId, number);
  recordDecisions(db, { batchId, number }, decision);
  db.run(
    `UPDATE units SET outcome = NULL, attention = 0, code = NULL, supplement = ?2, ended_attempt = attempts,
       serial_folded = lower(serial), board_wanted = coalesce(board_wanted, board_freed), board_freed = NULL, freed_at = NULL
     WHERE unit_id IN (SELECT unit_id FROM supplement_units WHERE batch_id = ?1 AND number = ?2)`,
    batchId,
    number,
  );
  if (count > 0) db.run(`UPDATE batches SET state = 'open' WHERE batch_id = ?`, batchId);
  return supplementIn(supplementRow(db, batchId, number)!);
}

/** Every unit has the decision on its own record, at the attempt that had ended. */
function recordDecisions(
  db: SqliteConnection,
  { batchId, number }: { readonly batchId: string; readonly number: number },
  { verdict, reason, by, decidedAt }: Decision,
): void {
  db.run(
    `INSERT INTO decisions (batch_id, unit_id, attempt, verdict, detail, reason, decided_by, decided_at)
     SELECT batch_id, unit_id, max(attempts, 1), ?3, ?7, ?4, ?5, ?6
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
export function supplements(db: SqliteConnection, batchId: string): SupplementRecord[] {
  knownBatch(db, batchId);
  const sql = 'SELECT * FROM supplements WHERE batch_id = ? ORDER BY number';
  return db.all(sql, batchId).map(supplementIn);
}

/** See Registry.rerunnable. */
export function rerunnable(db: SqliteConnection, batchId: string, choice: EndedChoice): RerunnableUnits {
  knownBatch(db, batchId);
  const sql = `SELECT count(*) AS n FROM units WHERE ${CHOSEN} AND ${TAKEN_BY} IS NULL`;
  const units = integer(db.get(sql, ...chosenBy(batchId, choice))!, 'n');
  return { units, refused: refusedUnits(db, batchId, choice) };
}

/** Of the units that are named, or of all that ended so: those that stay as they are. */
function refusedUnits(db: SqliteConnection, batchId: string, choice: EndedChoice): RefusedUnit[] {
  const { serials } = choice;
  const columns = `units.serial, units.outcome, units.code, units.unit_id, ${TAKEN_BY} AS taker`;
  const rows =
    serials === undefined
      ? db.all(
          `SELECT ${columns}, 1 AS has_code FROM units WHERE ${CHOSEN_OR_SCRAPPED} LIMIT ${MAX_REFUSED}`,
          ...chosenBy(batchId, choice),
        )
      : db.all(
          `SELECT ${columns}, named.value AS named, (?3 IS NULL OR units.code IN (SELECT value FROM json_each(?3))) AS has_code
           FROM json_each(?2) AS named
           LEFT JOIN units ON units.serial_folded IN (named.value, named.value || '/' || ?1) AND units.batch_id = ?1
           WHERE NOT coalesce(${CHOSEN}, 0) OR taker IS NOT NULL LIMIT ${MAX_REFUSED}`,
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

/** Parameters 1 to 4 of `CHOSEN`. */
function chosenBy(batchId: string, { serials, codes, scrapped = false }: EndedChoice): SqlValue[] {
  return [
    batchId,
    serials && JSON.stringify(serials.map(foldSerial)),
    codes && JSON.stringify(codes),
    scrapped ? 1 : 0,
  ];
}

function supplementRow(db: SqliteConnection, batchId: string, number: number): SqlRow | undefined {
  return db.get('SELECT * FROM supplements WHERE batch_id = ? AND number = ?', batchId, number);
}

function supplementIn(row: SqlRow): SupplementRecord {
  return {
    number: integer(row, 'number'),
    quantity: integer(row, 'row_count'),
    openedAt: text(row, 'opened_at'),
    ...present(row, { closedAt: 'closed_at', reason: 'reason', by: 'decided_by' }),
  };
}
