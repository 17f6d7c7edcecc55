import type { NewBatch } from '../../provisioning/batch-record.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { integer, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';
import type { BatchRecord, BatchRow, StagedBatch, TakenKeys } from '../registry.ts';
import { batchWithContent, batchWithId, registeredKeys } from './batch-records.ts';
import type { Staging } from './staging.ts';

/** Rows that are written in one transaction, or removed in one. */
const PAGE_ROWS = 4_000;

/** A lot of so many rows finds room wherever the factory line does. */
const FEW_ROWS = 100;

const NOTHING_TAKEN: TakenKeys = { serials: [], boards: [] };

const INSERT =
  'INSERT INTO units (batch_id, row_number, serial, serial_folded, product, board_wanted, attrs)';

/**
 * The rows of a batch that is not there yet. They are in the table of units already, so that each is written once and its
 * keys are compared by the index, but no row of `batches` leads to them: to add that one row is the whole import. A
 * row of `staged_batches` leads to what is left after a crash.
 */
export class SqlStagedBatch implements StagedBatch {
  readonly #batchId: string;
  readonly #staging: Staging;
  #count = 0;
  #isClosed = false;

  constructor(staging: Staging, batchId: string) {
    this.#staging = staging;
    this.#batchId = batchId;
  }

  static async begin(staging: Staging, batchId: string): Promise<SqlStagedBatch> {
    const staged = new SqlStagedBatch(staging, batchId);
    try {
      await staged.#removeRows();
      await staging.write(async (db) => {
        if ((await batchWithId(db, batchId)) !== undefined)
          throw new RegistryError('constraint', `The registry has a batch ${batchId} already.`);
        await db.run('INSERT INTO staged_batches VALUES (?, ?)', batchId, new Date().toISOString());
      });
      return staged;
    } catch (error) {
      staged.#close();
      throw error;
    }
  }

  async add(rows: readonly BatchRow[]): Promise<TakenKeys> {
    let taken = NOTHING_TAKEN;
    for (let at = 0; at < rows.length; at += PAGE_ROWS) {
      const found = await this.#addPage(rows.slice(at, at + PAGE_ROWS));
      taken = {
        serials: [...taken.serials, ...found.serials],
        boards: [...taken.boards, ...found.boards],
      };
    }
    return taken;
  }

  async accept(batch: NewBatch): Promise<BatchRecord> {
    const { batchId, order, manifest, manifestSha256, quantity, priority } = batch;
    if (batchId !== this.#batchId || quantity !== this.#count) throw rowCountError(batch, this.#count);
    const record = await this.#staging.writeLast(async (db) => {
      const known = await batchWithContent(db, manifestSha256);
      if (known !== undefined) return known;
      await this.#assertWhole(db);
      const importedAt = new Date().toISOString();
      await db.run(
        `INSERT INTO batches (batch_id, order_number, manifest, sha256, row_count, imported_at, priority)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        batchId,
        order,
        manifest,
        manifestSha256,
        quantity,
        importedAt,
        priority,
      );
      return { ...batch, state: 'open' as const, importedAt };
    });
    if (record.batchId === batchId) this.#close();
    else await this.discard();
    return record;
  }

  async discard(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#removeRows();
    } finally {
      this.#close();
    }
  }

  async #addPage(rows: readonly BatchRow[]): Promise<TakenKeys> {
    if (this.#count + rows.length > FEW_ROWS) this.#staging.assertRoom();
    try {
      await this.#staging.write((db) => this.#insert(db, rows));
      this.#count += rows.length;
      return NOTHING_TAKEN;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.reason !== 'constraint') throw error;
    }
    const taken = await this.#staging.write((db) => takenKeys(db, rows));
    const serials = new Set(taken.serials.map(({ key }) => key));
    const boards = new Set(taken.boards.map(({ key }) => key));
    const free = rows.filter(
      ({ serial, boardId }) =>
        !serials.has(foldSerial(serial)) && (boardId === undefined || !boards.has(boardId)),
    );
    // What breaks a rule although no batch has it: another batch that is being imported does.
    if (free.length === rows.length) throw beingImported(this.#batchId);
    const more = await this.#addPage(free);
    return { serials: [...taken.serials, ...more.serials], boards: [...taken.boards, ...more.boards] };
  }

  async #insert(db: SqlTransaction, rows: readonly BatchRow[]): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    const { each, json } = db.dialect;
    const isPlain = rows.every(
      ({ product, boardId, attrs }) =>
        product === first.product && boardId === undefined && Object.keys(attrs).length === 0,
    );
    // Half of the time of a row is its way into the database, which a list takes once.
    if (isPlain)
      await db.run(
        `${INSERT} SELECT ?1, ?2 + key, value, lower(value), ?3, NULL, '{}' FROM ${each('?4')} AS listed`,
        this.#batchId,
        this.#count + 1,
        first.product,
        JSON.stringify(rows.map(({ serial }) => serial)),
      );
    else
      await db.run(
        `${INSERT} SELECT ?1, ?2 + key, ${MEMBERS.map((member) => json('value', member)).join(', ')}
         FROM ${each('?3')} AS listed`,
        this.#batchId,
        this.#count + 1,
        JSON.stringify(
          rows.map(({ serial, product, boardId, attrs }) => {
            return { serial, folded: foldSerial(serial), product, boardId, attrs: JSON.stringify(attrs) };
          }),
        ),
      );
  }

  async #removeRows(): Promise<void> {
    const first = `SELECT unit_id FROM units WHERE batch_id = ? LIMIT ${PAGE_ROWS}`;
    const isStaged = 'SELECT 1 FROM staged_batches WHERE batch_id = ?';
    for (let removed = PAGE_ROWS; removed === PAGE_ROWS;)
      removed = await this.#staging.write(async (db) => {
        if ((await db.get(isStaged, this.#batchId)) === undefined) return 0;
        const count = await db.run(`DELETE FROM units WHERE unit_id IN (${first})`, this.#batchId);
        if (count < PAGE_ROWS) await db.run('DELETE FROM staged_batches WHERE batch_id = ?', this.#batchId);
        return count;
      });
  }

  /** Another orchestrator may have taken its turn from this one meanwhile, and removed rows. */
  async #assertWhole(db: SqlTransaction): Promise<void> {
    const removed = await db.run('DELETE FROM staged_batches WHERE batch_id = ?', this.#batchId);
    const row = await db.get('SELECT count(*) AS n FROM units WHERE batch_id = ?', this.#batchId);
    if (removed === 0 || integer(row!, 'n') !== this.#count) throw beingImported(this.#batchId);
  }

  #close(): void {
    if (!this.#isClosed) this.#staging.close();
    this.#isClosed = true;
  }
}

/** What a row that is inserted has, in the order of the columns. */
const MEMBERS = ['serial', 'folded', 'product', 'boardId', 'attrs'] as const;

/** Batches that were staged and neither accepted nor discarded. */
export async function stagedBatchIds(db: SqlTransaction): Promise<string[]> {
  return (await db.all('SELECT batch_id FROM staged_batches')).map((row) => text(row, 'batch_id'));
}

async function takenKeys(db: SqlTransaction, rows: readonly BatchRow[]): Promise<TakenKeys> {
  const serials = rows.map(({ serial }) => foldSerial(serial));
  const boards = rows.flatMap(({ boardId }) => boardId ?? []);
  return {
    serials: await registeredKeys(db, 'serial_folded', serials),
    boards: await registeredKeys(db, 'board_wanted', boards),
  };
}

function beingImported(batchId: string): RegistryError {
  return new RegistryError(
    'being-imported',
    `Batch ${batchId} has serials or boards of a manifest that is being imported now: try again when that one is answered.`,
  );
}

function rowCountError({ batchId, quantity }: NewBatch, staged: number): RegistryError {
  return new RegistryError(
    'row-count',
    `Batch ${batchId} was announced with ${quantity} units but has ${staged}: import it again from a complete manifest.`,
  );
}
