import { existsSync } from 'node:fs';
import type { LedgerDatabase } from '../pki/ledger/ledger-database.ts';
import { PostgresDatabase } from '../pki/ledger/postgres-database.ts';
import { postgresName } from '../pki/ledger/postgres-place.ts';
import { SqliteReader } from '../pki/ledger/sqlite-reader.ts';
import { SqliteDatabase } from '../pki/ledger/sqlite-database.ts';
import type { LineConfig } from './config.ts';
import { ledgerPath } from './state-folder.ts';

/** What says where the ledger of a line is. */
export interface LedgerPlace {
  readonly stateFolder: string;
  readonly config: Pick<LineConfig, 'ledger'>;
}

/**
 * Opens the database of the line's ledger, and makes it where there is none: on PostgreSQL where that is configured, else
 * the file in the state folder. Throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT, LEDGER_NEWER.
 */
export async function openLineDatabase({ stateFolder, config }: LedgerPlace): Promise<LedgerDatabase> {
  if (config.ledger !== undefined) return await PostgresDatabase.open(config.ledger);
  return SqliteDatabase.open(ledgerPath(stateFolder));
}

/** As `openLineDatabase`, but where there is no ledger none is made: undefined. */
export async function findLineDatabase(place: LedgerPlace): Promise<LedgerDatabase | undefined> {
  const { stateFolder, config } = place;
  if (config.ledger !== undefined) return await PostgresDatabase.find(config.ledger);
  return existsSync(ledgerPath(stateFolder)) ? await openLineDatabase(place) : undefined;
}

/**
 * As `findLineDatabase`, for whoever only reads: nothing changes by that, not even the schema. Throws LEDGER_OLDER for one
 * that a signer has yet to bring up to date.
 */
export async function findLineDatabaseForReading(
  place: LedgerPlace,
): Promise<SqliteReader | PostgresDatabase | undefined> {
  const { stateFolder, config } = place;
  if (config.ledger !== undefined) return await PostgresDatabase.findForReading(config.ledger);
  return existsSync(ledgerPath(stateFolder)) ? SqliteReader.open(ledgerPath(stateFolder)) : undefined;
}

/** Whether there is a ledger, with nothing changed. Throws LEDGER_… for one with which nothing could be signed. */
export async function checkLineDatabase(place: LedgerPlace): Promise<boolean> {
  const database = await findLineDatabaseForReading(place);
  if (database === undefined) return false;
  try {
    await database.assertWritable();
    return true;
  } finally {
    await database.close();
  }
}

/** The ledger in sentences: a path, or host and database. */
export function ledgerName({ stateFolder, config }: LedgerPlace): string {
  return config.ledger === undefined ? ledgerPath(stateFolder) : postgresName(config.ledger);
}
