import type { ResultRow } from '../../provisioning/result-row.ts';
import { outcomeStyle } from '../terminal/words.ts';
import { printTable } from '../terminal/table.ts';
import type { Column } from '../terminal/column.ts';

const COLUMNS: readonly Column[] = [
  { head: 'serial' },
  { head: 'outcome', style: outcomeStyle },
  { head: 'code' },
  { head: 'certificate' },
  { head: 'board' },
  { head: 'socket' },
  { head: 'attempts', align: 'right' },
  { head: 'seconds', align: 'right' },
];

/**
 * Prints a row for each unit of a batch, as they come; `waiting` are the serials of those that wait for a decision. `cloud` says of
 * each what happened to it in a cloud, where there is one.
 */
export async function printUnitRows(
  rows: AsyncIterable<ResultRow>,
  waiting: ReadonlySet<string>,
  cloud?: ReadonlyMap<string, string>,
): Promise<void> {
  const columns = cloud === undefined ? COLUMNS : [...COLUMNS, { head: 'cloud' }];
  await printTable(columns, cellsOf(rows, waiting, cloud));
}

async function* cellsOf(
  rows: AsyncIterable<ResultRow>,
  waiting: ReadonlySet<string>,
  cloud: ReadonlyMap<string, string> | undefined,
): AsyncGenerator<string[]> {
  for await (const row of rows) yield [...cells(row, waiting.has(row.serial)), cloud?.get(row.serial) ?? ''];
}

function cells(row: ResultRow, waits: boolean): string[] {
  const { stationId, socket } = row;
  return [
    row.serial,
    row.outcome ?? (waits ? 'waits' : ''),
    row.code ?? '',
    row.certificateSerial ?? '',
    row.boardId ?? '',
    stationId === undefined ? '' : `${stationId}/${socket ?? '?'}`,
    String(row.attempts),
    row.seconds?.toFixed(1) ?? '',
  ];
}
