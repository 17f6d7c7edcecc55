import type { Issue } from '../../manifests/check/issue.ts';
import type { Rejected } from '../../manifests/check/verdict.ts';
import { ISSUES } from '../../manifests/issue-codes.ts';
import { printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';
import type { Column } from '../terminal/column.ts';

/** The columns of a rejection that are shown, in the order of `NAME.rejected.csv`. */
const COLUMNS: readonly Column[] = [
  { head: 'line', align: 'right' },
  { head: 'column' },
  { head: 'value', wraps: true },
  { head: 'expected', wraps: true },
  { head: 'code', style: () => 'dim' },
];

/** An issue as a row of the answer; an issue about the whole file has no line. */
export function issueCells({ line, column, value, expected, code }: Issue): string[] {
  return [line === 0 ? '' : String(line), column, value, ISSUES[code].means, expected, code];
}

/** Prints why a manifest is refused, one issue in each row, then what each code means. */
export async function printIssues(rows: readonly (readonly string[])[]): Promise<void> {
  await printTable(
    COLUMNS,
    rows.map(([line = '', column = '', value = '', , expected = '', code = '']) => [
      line,
      column,
      value,
      expected,
      code,
    ]),
  );
  printLine('');
  const meanings = new Map(rows.map(([, , , means = '', , code = '']) => [code, means]));
  printFields([...meanings]);
}

/** What to do about a refusal, in one line. */
export function refusalSummary(file: string, { issues, omitted, rows, refusedRows }: Rejected): string {
  const count = issues.length + omitted;
  const where = refusedRows === 0 ? '' : `, in ${refusedRows} of ${rows} CSV rows`;
  const listed = omitted === 0 ? '' : ` (the first ${issues.length} are listed)`;
  return `${file} is refused: ${count} ${count === 1 ? 'fault' : 'faults'}${where}${listed}. Fix ${count === 1 ? 'it' : 'them'} and submit the manifest again.`;
}
