import { integer } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { AttemptCounts } from '../registry.ts';
import { knownBatch } from './batch-records.ts';

/** An attempt after the first is a rework where another board was used, or a rework order asked for it. */
const IS_REWORK = `(rework_id IS NOT NULL OR board_id <> board_before)`;

/** See Registry.attemptCounts. */
export async function attemptCounts(db: SqlTransaction, batchId: string): Promise<AttemptCounts> {
  await knownBatch(db, batchId);
  const tried = (await db.get(
    `SELECT count(*) FILTER (WHERE ${IS_REWORK} IS TRUE) AS reworks,
       count(*) FILTER (WHERE ${IS_REWORK} IS NOT TRUE) AS retests
     FROM (SELECT attempts.*, lag(attempts.board_id) OVER (PARTITION BY unit_id ORDER BY attempt) AS board_before
       FROM attempts JOIN units USING (unit_id) WHERE batch_id = ?) AS tried
     WHERE attempt > 1`,
    batchId,
  ))!;
  const passed = (await db.get(
    'SELECT count(*) AS n FROM certificates JOIN units USING (unit_id) WHERE batch_id = ? AND attempt = 1',
    batchId,
  ))!;
  return {
    firstPass: integer(passed, 'n'),
    retests: integer(tried, 'retests'),
    reworks: integer(tried, 'reworks'),
  };
}
