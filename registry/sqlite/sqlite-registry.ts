import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { UnitRow } from '../../provisioning/unit.ts';
import { batchRecord, batchSummary, chunkRows, knownBatch, registeredKeys } from './batch-records.ts';
import { batchWithContent, importBatch, STAGING_TABLE } from './import-batch.ts';
import { recordFailure, registerUnit } from './record-unit.ts';
import { RegistryDatabase } from './registry-database.ts';
import { isSqliteError, registryError } from '../registry-error.ts';
import type * as Port from '../registry.ts';
import { applyRevocations } from './revocations.ts';
import { resultPage, unitRecord } from './unit-records.ts';

/** Rows of a result read at once; between pages other work goes on. */
const RESULT_PAGE_ROWS = 500;

/**
 * The registry in one SQLite file, opened or made at `path`. Several processes may share it on one host; writes wait for
 * each other. With `readOnly` it must be there, of this version, and nothing can be written. Close it when done.
 */
export class SqliteRegistry implements Port.Registry {
  readonly #db: RegistryDatabase;

  constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
    this.#db = new RegistryDatabase(path, options);
    if (options.readOnly !== true) this.#db.exec(STAGING_TABLE);
  }

  close(): void {
    this.#db.close();
  }

  async importBatch(batch: Port.NewBatch, rows: AsyncIterable<Port.BatchRow>): Promise<Port.ImportResult> {
    const known = await this.batchOf(batch.sha256);
    if (known !== undefined) return { status: 'imported', batch: known };
    try {
      return await importBatch(this.#db, randomUUID(), batch, rows);
    } catch (error) {
      // What reading the rows throws is not about the registry.
      throw isSqliteError(error) ? registryError(error, this.#db.path) : error;
    }
  }

  async recordStart(batchId: string): Promise<void> {
    this.#stamp(batchId, 'UPDATE batches SET started_at = coalesce(started_at, ?) WHERE batch_id = ?');
  }

  async endOpenUnits(batchId: string, outcome: Exclude<Outcome, 'PASS'>, code: string): Promise<void> {
    this.#do((db) =>
      db.transaction(() => {
        knownBatch(db, batchId);
        db.run(
          'UPDATE units SET outcome = ?, attention = 0, code = ? WHERE batch_id = ? AND outcome IS NULL',
          outcome,
          code,
          batchId,
        );
      }),
    );
  }

  async closeBatch(batchId: string): Promise<void> {
    this.#stamp(
      batchId,
      `UPDATE batches SET state = 'closed', closed_at = coalesce(closed_at, ?) WHERE batch_id = ?`,
    );
  }

  async batchOf(sha256: string): Promise<Port.BatchRecord | undefined> {
    return this.#do((db) => batchWithContent(db, sha256));
  }

  async registeredSerials(folded: readonly string[]): Promise<Port.RegisteredKey[]> {
    return this.#do((db) => registeredKeys(db, 'serial_folded', folded));
  }

  async registeredBoards(boardIds: readonly string[]): Promise<Port.RegisteredKey[]> {
    return this.#do((db) => registeredKeys(db, 'board_wanted', boardIds));
  }

  async chunkRows(batchId: string, chunk: number, size: number): Promise<UnitRow[]> {
    return this.#do((db) => chunkRows(db, batchId, chunk, size));
  }

  async registerUnit(registration: Port.Registration): Promise<void> {
    this.#do((db) => db.transaction(() => registerUnit(db, registration)));
  }

  async recordAttention(failure: Port.AttemptFailure): Promise<void> {
    this.#do((db) => db.transaction(() => recordFailure(db, failure)));
  }

  async recordOutcome(
    failure: Port.AttemptFailure & { readonly outcome: Exclude<Outcome, 'PASS'> },
  ): Promise<void> {
    this.#do((db) => db.transaction(() => recordFailure(db, failure, failure.outcome)));
  }

  async applyRevocations(list: Port.RevocationList): Promise<Port.RevocationResult> {
    return this.#do((db) => db.transaction(() => applyRevocations(db, list)));
  }

  async listBatches(): Promise<Port.BatchRecord[]> {
    return this.#do((db) =>
      db.all('SELECT * FROM batches ORDER BY imported_at DESC, batch_id DESC').map(batchRecord),
    );
  }

  async batchSummary(batchId: string): Promise<Port.BatchSummary> {
    return this.#do((db) => batchSummary(db, batchId));
  }

  async unit(serial: string): Promise<Port.UnitRecord | undefined> {
    return this.#do((db) => unitRecord(db, serial));
  }

  async *resultRows(batchId: string): AsyncGenerator<Port.ResultRow> {
    const { rows } = this.#do((db) => knownBatch(db, batchId));
    for (let after = 0; after < rows; after += RESULT_PAGE_ROWS) {
      yield* this.#do((db) => resultPage(db, batchId, after, RESULT_PAGE_ROWS));
    }
  }

  #stamp(batchId: string, sql: string): void {
    this.#do((db) =>
      db.transaction(() => {
        knownBatch(db, batchId);
        db.run(sql, new Date().toISOString(), batchId);
      }),
    );
  }

  #do<T>(work: (db: RegistryDatabase) => T): T {
    try {
      return work(this.#db);
    } catch (error) {
      throw registryError(error, this.#db.path);
    }
  }
}
