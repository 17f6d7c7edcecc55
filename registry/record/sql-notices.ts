import { createHash } from 'node:crypto';
import { hintOf } from '../../provisioning/failure-table.ts';
import type { RecordReworkFailureInput } from '../../provisioning/rework.ts';
import { integer, text } from '../../sql/row.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { DueNotice, Notice, Notices } from '../notices.ts';
import type { AttemptFailure } from '../registry.ts';
import { batchSummary } from './batch-records.ts';
import { unitIdOf } from './unit-id.ts';

/** The notices in the database of the registry. */
export class SqlNotices implements Notices {
  readonly #db: SqlDatabase;
  #isOn = false;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  start(): void {
    this.#isOn = true;
  }

  add(notice: Notice): Promise<void> {
    return this.#db.write((db) => insertNotice(db, notice));
  }

  due(now: number, limit: number): Promise<DueNotice[]> {
    const sql = `SELECT * FROM notices WHERE sent_at IS NULL AND due_at <= ?
      ORDER BY noted_at, notice_id LIMIT ?`;
    return this.#db.read(async (db) =>
      (await db.all(sql, now, limit)).map((row) => ({
        id: text(row, 'notice_id'),
        body: text(row, 'body'),
        notedAt: integer(row, 'noted_at'),
        failures: integer(row, 'failures'),
      })),
    );
  }

  sent(id: string, now: number): Promise<void> {
    return this.#db.write(async (db) => {
      await db.run('UPDATE notices SET sent_at = ? WHERE notice_id = ?', now, id);
    });
  }

  failed(id: string, dueAt: number): Promise<void> {
    return this.#db.write(async (db) => {
      const sql = 'UPDATE notices SET failures = failures + 1, due_at = ? WHERE notice_id = ?';
      await db.run(sql, dueAt, id);
    });
  }

  forget(before: number): Promise<number> {
    return this.#db.write(async (db) => {
      const sql = 'SELECT count(*) AS lost FROM notices WHERE noted_at < ? AND sent_at IS NULL';
      const row = await db.get(sql, before);
      await db.run('DELETE FROM notices WHERE noted_at < ?', before);
      return row === undefined ? 0 : integer(row, 'lost');
    });
  }

  /** The unit waits, if this failure is what it waits with. In the transaction that recorded it. */
  async unitWaits(db: SqlTransaction, failure: AttemptFailure): Promise<void> {
    if (!this.#isOn) return;
    const { batchId, serial, attempt, step, code, stationId, socket } = failure;
    const sql = 'SELECT unit_id FROM units WHERE unit_id = ? AND attention = 1 AND attempts = ? AND code = ?';
    if ((await db.get(sql, await unitIdOf(db, failure), attempt, code)) === undefined) return;
    await insertNotice(db, {
      type: 'unit.waiting',
      about: [batchId, serial, attempt, code],
      data: { batchId, serial, attempt, step, code, says: hintOf(code), stationId, socket },
    });
  }

  /** The same of a unit in a rework. */
  async reworkWaits(
    db: SqlTransaction,
    { reworkId, unit, failure }: RecordReworkFailureInput,
  ): Promise<void> {
    if (!this.#isOn) return;
    const { batchId, serial, attempt } = unit;
    const { step, code } = failure;
    await insertNotice(db, {
      type: 'unit.waiting',
      about: [reworkId, serial, attempt, code],
      data: { batchId, reworkId, serial, attempt, step, code, says: hintOf(code) },
    });
  }

  /** The run of the batch ended. In the transaction that closed it. */
  async batchEnded(db: SqlTransaction, batchId: string, supplement: number | undefined): Promise<void> {
    if (!this.#isOn) return;
    const { batch, passed, failed, errors, held } = await batchSummary(db, batchId, supplement);
    const { order, manifest, quantity, closedAt } = batch;
    await insertNotice(db, {
      type: 'batch.ended',
      about: [batchId, supplement ?? 0],
      data: { batchId, supplement, order, manifest, quantity, closedAt, passed, failed, errors, held },
    });
  }
}

/** Members that are not known are left out. */
async function insertNotice(db: SqlTransaction, { type, about, data }: Notice): Promise<void> {
  const now = Date.now();
  const digest = createHash('sha256')
    .update(JSON.stringify([type, ...about]))
    .digest('hex');
  const body = JSON.stringify({ type, timestamp: new Date(now).toISOString(), data });
  await db.run(
    `INSERT INTO notices (notice_id, body, noted_at, due_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (notice_id) DO NOTHING`,
    `${type}.${digest.slice(0, 32)}`,
    body,
    now,
    now,
  );
}
