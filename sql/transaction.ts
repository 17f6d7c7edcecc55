import type { SqlRow, SqlValue } from './row.ts';

/** Statements inside one transaction of any database; `?` stands for each of the values in turn. */
export interface SqlTransaction {
  get(sql: string, ...values: SqlValue[]): Promise<SqlRow | undefined>;
  all(sql: string, ...values: SqlValue[]): Promise<SqlRow[]>;
  /** The number of rows that it changed. */
  run(sql: string, ...values: SqlValue[]): Promise<number>;
}
