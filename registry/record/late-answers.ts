import { text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';

/*
 * The files with the answers about a batch that is closed follow what is recorded of it. A change of a closed batch is counted in its
 * transaction, and what the files have is noted once they are written: a batch with more changes than that has answers to come,
 * whatever happened to the workflow or the process that was to write them.
 */

const CHANGED = 'UPDATE batches SET answer_changes = answer_changes + 1, answers_changed_at = ?1';

/** Something of a unit changed. The answers of a batch that is open are written when it closes. */
export async function unitChanged(db: SqlTransaction, unitId: number): Promise<void> {
  await db.run(
    `${CHANGED} WHERE state = 'closed' AND batch_id = (SELECT batch_id FROM units WHERE unit_id = ?2)`,
    new Date().toISOString(),
    unitId,
  );
}

/** A run of the batch was closed. */
export async function runClosed(db: SqlTransaction, batchId: string): Promise<void> {
  await db.run(`${CHANGED} WHERE batch_id = ?2`, new Date().toISOString(), batchId);
}

/** Active certificates end next, by what is in the table of revocations. */
export async function certificatesEnd(db: SqlTransaction): Promise<void> {
  await db.run(
    `${CHANGED} WHERE state = 'closed' AND batch_id IN (SELECT batch_id FROM units JOIN certificates USING (unit_id)
       WHERE certificates.state = 'active' AND certificate_serial IN (SELECT certificate_serial FROM revocations))`,
    new Date().toISOString(),
  );
}

/** See Registry.noteAnswers. Runs inside a transaction. */
export async function noteAnswers(db: SqlTransaction, batchId: string, changes: number): Promise<void> {
  const sql = 'UPDATE batches SET answers_written = ?2 WHERE batch_id = ?1 AND answers_written < ?2';
  await db.run(sql, batchId, changes);
}

/** See Registry.lateAnswers. */
export async function lateAnswers(db: SqlTransaction, changedBefore: string): Promise<string[]> {
  const rows = await db.all(
    `SELECT batch_id FROM batches
     WHERE answer_changes > answers_written AND state = 'closed' AND answers_changed_at < ?`,
    changedBefore,
  );
  return rows.map((row) => text(row, 'batch_id'));
}
