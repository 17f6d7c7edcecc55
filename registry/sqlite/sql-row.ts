import type { SqlRow } from './registry-database.ts';

/** A TEXT column that is never NULL. */
export function text(row: SqlRow, column: string): string {
  return String(row[column]);
}

/** An INTEGER column that is never NULL. */
export function integer(row: SqlRow, column: string): number {
  return Number(row[column]);
}

/** Columns that may be NULL, each under its own name; those that are NULL are absent. */
export function present<const Columns extends Readonly<Record<string, string>>>(
  row: SqlRow,
  columns: Columns,
): { -readonly [Name in keyof Columns]?: string } {
  const names = Object.entries(columns).filter(([, column]) => row[column] !== null);
  const found: { -readonly [Name in keyof Columns]?: string } = {};
  return Object.assign(found, Object.fromEntries(names.map(([name, column]) => [name, text(row, column)])));
}
