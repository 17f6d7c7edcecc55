import type { Dialect } from './dialect.ts';
import type { SqlRow, SqlValue } from './row.ts';

/** Statements inside one transaction of any database; `?` stands for each of the values in turn, and `?2` for the second. */
export interface SqlTransaction {
  /** The words for what the databases say differently. */
  readonly dialect: Dialect;
  get(sql: string, ...values: SqlValue[]): Promise<SqlRow | undefined>;
  all(sql: string, ...values: SqlValue[]): Promise<SqlRow[]>;
  /** The number of rows that it changed. */
  run(sql: string, ...values: SqlValue[]): Promise<number>;
}

/**
 * Results of statements that do not need each other's: a database on another host is asked once for all of them. They run in this
 * order. Waits for all, also where one fails, so that none runs after its transaction was undone; then throws the first error.
 */
export async function together<T extends readonly Promise<unknown>[]>(
  ...statements: T
): Promise<{ readonly [At in keyof T]: Awaited<T[At]> }> {
  const outcomes = await Promise.allSettled(statements);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as never;
}
