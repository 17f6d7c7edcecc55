import { integer } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { AttemptCounts } from '../registry.ts';
import { knownBatch } from './batch-records.ts';

/** An attempt after the first is a rework where another board was used, or a rework order asked for it. */
const IS_REWORK = `(rework_id IS NOT NULL OR board_id <> board_before)`;

/** See Registry.attemptCounts. */
export function attemptCounts(db: SqliteConnection, batchId: string): AttemptCounts {
  knownBatch(db, batchId);
  const tried = db.get(
    `SELECT count(*) FILTER (WHERE coalesce(${IS_REWORK}, 0)) AS reworks,
       count(*) FILTER (WHERE NOT coalesce(${IS_REWORK}, 0)) AS retests
     FROM (SELECT attempts.*, lag(attempts.board_id) OVER (PARTITION BY unit_id ORDER BY attempt) AS board_before
       FROM attempts JOIN units USING (unit_id) WHERE batch_id = ?)
     WHERE attempt > 1`,
    batchId,
  )!;
  const passed = db.get(
    'SELECT count(*) AS n FROM certificates JOIN units USING (unit_id) WHERE batch_id = ? AND attempt = 1',
    batchId,
  )!;
  return {
    firstPass: integer(passed, 'n'),
    retests: integer(tried, 'retests'),
    reworks: integer(tried, 'reworks'),
  };
}
