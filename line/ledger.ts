import { isThere } from '../disk/is-there.ts';
import { LEDGER, openLedgerFile } from '../pki/ledger/ledger-database.ts';
import { Ledger } from '../pki/ledger/ledger.ts';
import { PostgresDatabase } from '../sql/postgres-database.ts';
import { postgresName } from '../sql/postgres-place.ts';
import type { OpenMode, SqlDatabase } from '../sql/sql-database.ts';
import { SqliteReader } from '../sql/sqlite-reader.ts';
import type { LineConfig } from './config.ts';
import { ledgerPath } from './state-folder.ts';

/** The settings that say where the ledger of a factory line is. */
export interface LedgerPlace {
  readonly stateFolder: string;
  readonly config: Pick<LineConfig, 'ledger'>;
}

/**
 * Opens the ledger of a factory line: on PostgreSQL where that is configured, else the file in the state folder.
 * Undefined where there is none, unless it is made. Close it when done. Throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT,
 * LEDGER_NEWER, LEDGER_OLDER.
 */
export function openLedger(place: LedgerPlace, mode: 'make'): Promise<Ledger>;
export function openLedger(place: LedgerPlace, mode: OpenMode): Promise<Ledger | undefined>;
export async function openLedger(
  { stateFolder, config }: LedgerPlace,
  mode: OpenMode,
): Promise<Ledger | undefined> {
  const database =
    config.ledger === undefined
      ? openSqlite(ledgerPath(stateFolder), mode)
      : await PostgresDatabase.open(LEDGER, config.ledger, mode);
  return database && new Ledger(database);
}

function openSqlite(path: string, mode: OpenMode): SqlDatabase | undefined {
  if (mode !== 'make' && !isThere(path)) return undefined;
  return mode === 'read' ? SqliteReader.open(LEDGER, path) : openLedgerFile(path);
}

/** The ledger in sentences: a path, or host and database. */
export function ledgerName({ stateFolder, config }: LedgerPlace): string {
  return config.ledger === undefined ? ledgerPath(stateFolder) : postgresName(config.ledger);
}
