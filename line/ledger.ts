import { existsSync } from 'node:fs';
import type { LedgerDatabase, LedgerMode } from '../pki/ledger/ledger-database.ts';
import { Ledger } from '../pki/ledger/ledger.ts';
import { PostgresDatabase } from '../pki/ledger/postgres-database.ts';
import { postgresName } from '../pki/ledger/postgres-place.ts';
import { SqliteDatabase } from '../pki/ledger/sqlite-database.ts';
import { SqliteReader } from '../pki/ledger/sqlite-reader.ts';
import type { LineConfig } from './config.ts';
import { ledgerPath } from './state-folder.ts';

/** The settings that say where the ledger of a factory line is. */
export interface LedgerPlace {
  readonly stateFolder: string;
  readonly config: Pick<LineConfig, 'ledger'>;
}

/**
 * Opens the ledger of a factory line: on PostgreSQL where that is configured, else the file in the state folder.
 * Undefined where there is none, unless it is opened to sign. Close it when done. Throws LEDGER_UNAVAILABLE,
 * LEDGER_CORRUPT, LEDGER_NEWER, LEDGER_OLDER.
 */
export function openLedger(place: LedgerPlace, mode: 'sign'): Promise<Ledger>;
export function openLedger(place: LedgerPlace, mode: LedgerMode): Promise<Ledger | undefined>;
export async function openLedger(
  { stateFolder, config }: LedgerPlace,
  mode: LedgerMode,
): Promise<Ledger | undefined> {
  const database =
    config.ledger === undefined
      ? openSqlite(ledgerPath(stateFolder), mode)
      : await PostgresDatabase.open(config.ledger, mode);
  return database && new Ledger(database);
}

function openSqlite(path: string, mode: LedgerMode): LedgerDatabase | undefined {
  if (mode !== 'sign' && !existsSync(path)) return undefined;
  return mode === 'read' ? SqliteReader.open(path) : SqliteDatabase.open(path);
}

/** The ledger in sentences: a path, or host and database. */
export function ledgerName({ stateFolder, config }: LedgerPlace): string {
  return config.ledger === undefined ? ledgerPath(stateFolder) : postgresName(config.ledger);
}
