import type { Decision } from '../../provisioning/decision.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { DecisionRecord } from '../registry.ts';
import { knownBatch } from './batch-records.ts';

/** Without unit and attempt, a decision is about the batch. */
interface About {
  readonly batchId: string;
  readonly unitId?: number;
  readonly attempt?: number;
}

/** Adds a decision, unless it is there. */
export async function insertDecision(
  db: SqlTransaction,
  { batchId, unitId, attempt }: About,
  decision: Decision,
): Promise<void> {
  const { verdict, detail, reason, by, decidedAt, supplement } = decision;
  await db.run(
    `INSERT INTO decisions (batch_id, unit_id, attempt, verdict, detail, reason, decided_by, decided_at, supplement)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    batchId,
    unitId,
    attempt,
    verdict,
    detail,
    reason,
    by,
    decidedAt,
    supplement,
  );
}

/** See Registry.recordBatchDecision. Runs inside a transaction. */
export async function recordBatchDecision(
  db: SqlTransaction,
  batchId: string,
  decision: Decision,
): Promise<void> {
  await knownBatch(db, batchId);
  await insertDecision(db, { batchId }, decision);
}

/** See Registry.batchDecisions. */
export async function batchDecisions(db: SqlTransaction, batchId: string): Promise<Decision[]> {
  await knownBatch(db, batchId);
  const sql = 'SELECT * FROM decisions WHERE batch_id = ? AND unit_id IS NULL ORDER BY decision_id';
  return (await db.all(sql, batchId)).map(decisionIn);
}

/** The decisions about one unit, in the order in which they were made. */
export async function unitDecisions(db: SqlTransaction, unitId: number): Promise<DecisionRecord[]> {
  return (await db.all('SELECT * FROM decisions WHERE unit_id = ? ORDER BY decision_id', unitId)).map(
    (row) => ({ attempt: integer(row, 'attempt'), ...decisionIn(row) }),
  );
}

function decisionIn(row: SqlRow): Decision {
  return {
    verdict: text(row, 'verdict'),
    ...present(row, { detail: 'detail', reason: 'reason', by: 'decided_by' }),
    decidedAt: text(row, 'decided_at'),
    ...(row['supplement'] !== null && { supplement: integer(row, 'supplement') }),
  };
}
