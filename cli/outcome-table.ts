import { styleText } from 'node:util';
import type { Registry, ResultRow } from '../registry/registry.ts';

/** Rows of a lot that are shown one by one; a larger lot shows what did not pass. */
const SHOWN = 30;

const COLUMNS = ['serial', 'outcome', 'code', 'certificate', 'board', 'socket', 'attempts', 'seconds'];

/** The table at the end of a batch: a row a unit, or, in a large lot, the units that did not pass and the counts. */
export async function renderOutcomes(registry: Registry, batchId: string): Promise<string> {
  const rows: ResultRow[] = [];
  let total = 0;
  for await (const row of registry.resultRows(batchId)) {
    total++;
    if (rows.length < SHOWN && (row.outcome !== 'PASS' || total <= SHOWN)) rows.push(row);
  }
  const table = renderTable([COLUMNS, ...rows.map(cells)]);
  const { passed, failed, errors, held, attention, open } = await registry.batchSummary(batchId);
  const counts = `${total} units: ${passed} PASS, ${failed} FAIL, ${errors} ERROR, ${held} HOLD, ${attention} waiting, ${open} open`;
  const cut = total > rows.length ? [`… ${total - rows.length} more rows in the result file`] : [];
  return [...table, ...cut, '', styleText('bold', counts), ''].join('\n');
}

function cells(row: ResultRow): string[] {
  const seconds =
    row.startedAt && row.finishedAt
      ? ((Date.parse(row.finishedAt) - Date.parse(row.startedAt)) / 1_000).toFixed(1)
      : '';
  return [
    row.serial,
    row.outcome ?? 'waiting',
    row.code ?? '',
    row.certificateSerial?.slice(0, 16) ?? '',
    row.boardId?.slice(0, 12) ?? '',
    row.station ? `${row.station}/${row.socket}` : '',
    String(row.attempts),
    seconds,
  ];
}

/** Columns as wide as their widest cell, two blanks apart; the first row is the head. */
function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
    return index === 0 ? styleText('dim', line) : line;
  });
}
