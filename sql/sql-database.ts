import type { DatabaseTrouble } from './database-trouble.ts';
import type { Dialect } from './dialect.ts';
import type { SqlTransaction } from './transaction.ts';

/**
 * make: makes the store where there is none, and brings its schema up to date. update: brings an existing one up to date. read:
 * changes nothing, and fails for a store that has yet to be brought up to date.
 */
export type OpenMode = 'make' | 'update' | 'read';

/** What is kept in a database, whichever that is. */
export interface Store {
  /** One word; begins the name of the table that has the version, where the database keeps none itself. */
  readonly name: string;
  /** The schema, step by step, in the words of one database. */
  readonly migrations: (dialect: Dialect) => readonly string[];
  /** A table that a writer must have the right to write to. */
  readonly mainTable: string;
  /** Any error as one of the store's room. `where` is a path, or host and database; `trouble` is absent for errors of others. */
  readonly translate: (where: string, error: unknown, trouble: DatabaseTrouble | undefined) => unknown;
  /** Any fixed number: all who write to the store on one PostgreSQL server take this advisory lock, one at a time. */
  readonly writeLock: number;
  /** PostgreSQL stores no NUL in a text: it refuses the text, or the store has another character there. */
  readonly nul: 'refused' | 'replaced';
  /** A statement on PostgreSQL that takes longer than this has lost its server; milliseconds. */
  readonly silenceMs: number;
  /** Pages of SQLite's log after which a commit copies them into the file; 1,000 where it is absent. */
  readonly checkpointPages?: number;
}

/**
 * The database of a store. `work` may await only its transaction. Each method throws what the store makes of an error of the
 * database, and whatever `work` throws, after rolling back.
 */
export interface SqlDatabase {
  /** Sees what is committed, and nothing else. */
  read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** Sees what is committed when it begins, however long it takes. */
  snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** One writer at a time, from the first statement on; on disk when the promise resolves. */
  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** No write begins while the promise that `wait` returns is pending; what it rejects with does not matter. */
  waitBetweenGroups(wait: () => Promise<void> | undefined): void;
  /** Throws where nothing could be written. */
  assertWritable(): Promise<void>;
  close(): Promise<void>;
}
