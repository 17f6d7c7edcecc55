/** A value for a parameter of a statement; one that is not known is NULL. */
export type SqlValue = string | number | Uint8Array | null | undefined;

/** A row by column name. Every integer that we store fits a number. */
export type SqlRow = Readonly<Record<string, string | number | Uint8Array | null>>;

/** A TEXT column that is never NULL. */
export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new TypeError(`The column ${column} has no text.`);
}

/** An INTEGER column that is never NULL. PostgreSQL gives sums and counts as text, since they may exceed a number. */
export function integer(row: SqlRow, column: string): number {
  const value = row[column];
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new TypeError(`The column ${column} has no integer.`);
}

/** A BLOB or BYTEA column that is never NULL. */
export function bytes(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`The column ${column} has no bytes.`);
}

/** TEXT columns that may be NULL, each under its own name; those that are NULL are absent. */
export function present<const Columns extends Readonly<Record<string, string>>>(
  row: SqlRow,
  columns: Columns,
): { -readonly [Name in keyof Columns]?: string } {
  const found: { -readonly [Name in keyof Columns]?: string } = {};
  for (const [name, column] of Object.entries(columns) as [keyof Columns, string][])
    if (row[column] !== null) found[name] = text(row, column);
  return found;
}
