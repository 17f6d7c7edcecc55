import type { NewBatch } from '../../provisioning/batch-record.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestRow } from './manifest-row.ts';
import { RowBlocks } from './row-blocks.ts';

/** A batch that the registry has. Times are ISO 8601. */
export interface RegisteredBatch extends NewBatch {
  readonly importedAt: string;
  /** When its workflow was started; absent until then. */
  readonly startedAt?: string;
  /** Since when units of it that were never begun are free, as it was cancelled or withdrawn. */
  readonly freedAt?: string;
}

/** A key of a row that an earlier batch already has: the folded serial or the board id. */
interface RegisteredKey {
  readonly key: string;
  readonly batchId: string;
}

/** A unit that an earlier batch has, as its manifest had it. */
export interface RegisteredRow extends Omit<ManifestRow, 'line' | 'order'> {
  readonly batchId: string;
}

/** What intake reads from the registry: which manifests, serials and boards it has. */
export interface RegisteredUnits {
  batchOf(manifestSha256: string): Promise<RegisteredBatch | undefined>;
  /** `folded`: serials in the form of `foldSerial`, a few hundred in one call. */
  registeredSerials(folded: readonly string[]): Promise<readonly RegisteredKey[]>;
  /** All batches. */
  listBatches(): Promise<readonly (RegisteredBatch & { readonly state: 'open' | 'closed' })[]>;
  /** `boardIds`: lower-case hex, a few hundred in one call. */
  registeredBoards(boardIds: readonly string[]): Promise<readonly RegisteredKey[]>;
  /** The units with these folded serials; a few hundred in one call. */
  registeredRows(folded: readonly string[]): Promise<readonly RegisteredRow[]>;
  /** How many units of the batch gave their serial back, as they were never begun. */
  freedUnits(batchId: string): Promise<number>;
}

/** A row whose serial or board an earlier batch has. */
export interface TakenRow {
  readonly row: ManifestRow;
  readonly issues: readonly Issue[];
  /** The batch that has the serial; undefined where only the board is taken. */
  readonly serialBatch: string | undefined;
}

/** Which keys of rows earlier batches have. */
export interface TakenKeys {
  readonly serials: readonly RegisteredKey[];
  readonly boards: readonly RegisteredKey[];
}

/** A batch that is being stored while its manifest is read; nobody else sees it before it is accepted. */
export interface StagedBatch {
  /** Stores rows, except those whose serial or board an earlier batch has, which it returns. */
  add(rows: readonly ManifestRow[]): Promise<TakenKeys>;
  /** The new batch, or the earlier one when the same content was stored before. */
  accept(batch: NewBatch): Promise<RegisteredBatch>;
  /** Removes it, unless it was accepted. */
  discard(): Promise<void>;
}

/** Rows whose serials are looked up together. */
const PAGE_ROWS = 500;

/** Looks up which keys of the rows earlier batches have. */
export async function lookUp(rows: readonly ManifestRow[], registered: RegisteredUnits): Promise<TakenKeys> {
  const serials: RegisteredKey[] = [];
  const boards: RegisteredKey[] = [];
  for (let at = 0; at < rows.length; at += PAGE_ROWS) {
    const page = rows.slice(at, at + PAGE_ROWS);
    serials.push(...(await registered.registeredSerials(page.map((row) => foldSerial(row.serial)))));
    boards.push(...(await registered.registeredBoards(page.flatMap((row) => row.boardId ?? []))));
  }
  return { serials, boards };
}

/** The units that have the serials of the rows, by folded serial. */
export async function lookUpRows(
  rows: readonly ManifestRow[],
  registered: RegisteredUnits,
): Promise<ReadonlyMap<string, RegisteredRow>> {
  const found = new Map<string, RegisteredRow>();
  for (let at = 0; at < rows.length; at += PAGE_ROWS) {
    const folded = rows.slice(at, at + PAGE_ROWS).map(({ serial }) => foldSerial(serial));
    for (const unit of await registered.registeredRows(folded)) found.set(foldSerial(unit.serial), unit);
  }
  return found;
}

/** The rows that have one of the keys. */
export function takenRows(rows: readonly ManifestRow[], { serials, boards }: TakenKeys): TakenRow[] {
  if (serials.length + boards.length === 0) return [];
  const [batchOfSerial, batchOfBoard] = [batchesByKey(serials), batchesByKey(boards)];
  const blocks = { serial: new BatchBlocks(), board: new BatchBlocks() };
  const taken = rows.map((row) => {
    const serialBatch = batchOfSerial.get(foldSerial(row.serial));
    const issues = [
      ...conflict('serial', row, serialBatch, blocks.serial),
      ...conflict('board_id', row, batchOfBoard.get(row.boardId ?? ''), blocks.board),
    ];
    return { row, issues, serialBatch };
  });
  return taken.filter(({ issues }) => issues.length > 0);
}

function batchesByKey(keys: readonly RegisteredKey[]): ReadonlyMap<string, string> {
  return new Map(keys.map(({ key, batchId }) => [key, batchId]));
}

/** What a planner does about a wrong import; a unit that has begun stays in its batch. */
const HOW_TO_FREE = ' ("certline batch withdraw" frees what was never begun)';

const CONFLICTS = {
  serial: ['MANIFEST_SERIAL_REGISTERED', 'a serial'],
  board_id: ['MANIFEST_BOARD_ID_REGISTERED', 'a board'],
} as const;

function conflict(
  column: keyof typeof CONFLICTS,
  row: ManifestRow,
  batch: string | undefined,
  blocks: BatchBlocks,
): Issue[] {
  if (batch === undefined) return [];
  const [code, what] = CONFLICTS[column];
  const { line, serial, boardId = '' } = row;
  const value = column === 'serial' ? serial : boardId;
  const expected = `${what} that is not in an earlier batch: this one is in batch ${batch}${HOW_TO_FREE}`;
  return [{ ...issue(code, { line, column, value }, expected), cause: { id: blocks.idOf(line, batch) } }];
}

/** Blocks of CSV rows that one earlier batch has. */
class BatchBlocks {
  readonly #blocks = new RowBlocks();
  #batch = '';

  idOf(line: number, batch: string): string {
    const id = this.#blocks.idOf(line, batch === this.#batch);
    this.#batch = batch;
    return id;
  }
}
