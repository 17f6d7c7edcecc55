import type { Issue } from '../../manifests/check/issue.ts';
import type { Rejected } from '../../manifests/check/verdict.ts';
import { printTable } from '../terminal/table.ts';
import type { Column } from '../terminal/table.ts';

/** The columns of a rejection, in the order in which `NAME.rejected.csv` has them. */
const COLUMNS: readonly Column[] = [
  { head: 'line', align: 'right' },
  { head: 'column' },
  { head: 'value' },
  { head: 'expected' },
  { head: 'code', style: () => 'dim' },
];

/** An issue as a row of the table; an issue about the whole file has no line. */
export function issueCells({ line, column, value, expected, code }: Issue): string[] {
  return [line === 0 ? '' : String(line), column, value, expected, code];
}

/** Prints why a manifest is refused, one issue in each row. */
export async function printIssues(rows: readonly (readonly string[])[]): Promise<void> {
  await printTable(COLUMNS, rows);
}

/** What to do about a refusal, in one line. */
export function refusalSummary(file: string, { issues, omitted, rows, refusedRows }: Rejected): string {
  const count = issues.length + omitted;
  const where = refusedRows === 0 ? '' : `, in ${refusedRows} of ${rows} CSV rows`;
  const listed = omitted === 0 ? '' : ` (the first ${issues.length} are listed)`;
  return `${file} is refused: ${count} ${count === 1 ? 'fault' : 'faults'}${where}${listed}. Fix them and submit it again.`;
}
