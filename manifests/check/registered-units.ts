import type { NewBatch } from '../../provisioning/batch-record.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestRow } from './manifest-row.ts';

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

/** What intake reads from the registry: which manifests, serials and boards it has. */
export interface RegisteredUnits {
  batchOf(manifestSha256: string): Promise<RegisteredBatch | undefined>;
  /** `folded`: serials in the form of `foldSerial`, a few hundred in one call. */
  registeredSerials(folded: readonly string[]): Promise<readonly RegisteredKey[]>;
  /** All batches. */
  listBatches(): Promise<readonly (RegisteredBatch & { readonly state: 'open' | 'closed' })[]>;
  /** `boardIds`: lower-case hex, a few hundred in one call. */
  registeredBoards(boardIds: readonly string[]): Promise<readonly RegisteredKey[]>;
}

/** A row whose serial or board an earlier batch has. */
export interface TakenRow {
  readonly row: ManifestRow;
  readonly issues: readonly Issue[];
  /** The batch that has the serial; undefined where only the board is taken. */
  readonly serialBatch: string | undefined;
}

/** The rows whose serial or board an earlier batch has. */
export async function takenRows(
  rows: readonly ManifestRow[],
  registered: RegisteredUnits,
): Promise<TakenRow[]> {
  const serials = await registered.registeredSerials(rows.map((row) => foldSerial(row.serial)));
  const boards = await registered.registeredBoards(rows.flatMap((row) => row.boardId ?? []));
  const [batchOfSerial, batchOfBoard] = [batchesByKey(serials), batchesByKey(boards)];
  if (batchOfSerial.size + batchOfBoard.size === 0) return [];
  const taken = rows.map((row) => ({
    row,
    issues: conflictsOf(row, batchOfSerial, batchOfBoard),
    serialBatch: batchOfSerial.get(foldSerial(row.serial)),
  }));
  return taken.filter(({ issues }) => issues.length > 0);
}

function batchesByKey(keys: readonly RegisteredKey[]): ReadonlyMap<string, string> {
  return new Map(keys.map(({ key, batchId }) => [key, batchId]));
}

/** What a planner does about a wrong import; a unit that has begun stays in its batch. */
const HOW_TO_FREE = ' ("certline batch withdraw" frees what was never begun)';

function conflictsOf(
  { line, serial, boardId = '' }: ManifestRow,
  serials: ReadonlyMap<string, string>,
  boards: ReadonlyMap<string, string>,
): Issue[] {
  const issues: Issue[] = [];
  const serialBatch = serials.get(foldSerial(serial));
  if (serialBatch !== undefined) {
    const expected = `a serial that is not in an earlier batch: this one is in batch ${serialBatch}${HOW_TO_FREE}`;
    issues.push(issue('MANIFEST_SERIAL_REGISTERED', { line, column: 'serial', value: serial }, expected));
  }
  const boardBatch = boards.get(boardId);
  if (boardBatch !== undefined) {
    const expected = `a board that is not in an earlier batch: this one is in batch ${boardBatch}${HOW_TO_FREE}`;
    issues.push(
      issue('MANIFEST_BOARD_ID_REGISTERED', { line, column: 'board_id', value: boardId }, expected),
    );
  }
  return issues;
}
