import { integer, text } from '../../../sql/row.ts';
import type { SqlRow } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import type { AuditEntry } from '../../audit/audit-chain.ts';

/** Entries, and rows, read at once: as many as a statement may have values. */
export const PAGE = 1_000;

/** The whole audit log, oldest entry first. */
export async function* auditPages(transaction: SqlTransaction): AsyncGenerator<AuditEntry[]> {
  const sql = 'SELECT seq, body, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?';
  for (let seq = 0; ;) {
    const rows = await transaction.all(sql, seq, PAGE);
    if (rows.length === 0) return;
    yield rows.map((row) => ({ seq: integer(row, 'seq'), body: text(row, 'body'), hash: text(row, 'hash') }));
    seq = integer(rows.at(-1)!, 'seq');
  }
}

/** The rows of a query that ends with a condition, by a column of text that no two rows share. */
export async function* rowPages(
  transaction: SqlTransaction,
  select: string,
  column: string,
): AsyncGenerator<SqlRow[]> {
  const sql = `${select} AND ${column} > ? ORDER BY ${column} LIMIT ?`;
  for (let last = ''; ;) {
    const rows = await transaction.all(sql, last, PAGE);
    if (rows.length === 0) return;
    yield rows;
    last = text(rows.at(-1)!, column);
  }
}

/** Rows by one of their columns, for at most a page of its values. */
export async function rowsBy(
  transaction: SqlTransaction,
  select: string,
  column: string,
  values: readonly string[],
): Promise<ReadonlyMap<string, SqlRow>> {
  // Always as many values, so that there is one statement to prepare.
  const filled = Array.from({ length: PAGE }, (_, at) => values[at] ?? '');
  const rows = await transaction.all(`${select} IN (${filled.map(() => '?').join()})`, ...filled);
  return new Map(rows.map((row) => [text(row, column), row]));
}
