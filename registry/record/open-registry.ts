import { PostgresDatabase } from '../../sql/postgres-database.ts';
import type { PostgresPlace } from '../../sql/postgres-place.ts';
import type { OpenMode } from '../../sql/sql-database.ts';
import { SqliteDatabase } from '../../sql/sqlite-database.ts';
import { SqliteReader } from '../../sql/sqlite-reader.ts';
import { REGISTRY } from './registry-store.ts';
import { SqlRegistry } from './sql-registry.ts';
import { SqliteStaging, stagingOver } from './staging.ts';

/**
 * The registry in one SQLite file, opened or made at `path` (mode 0600; its folder must be there), for processes of one host.
 * With `readOnly` it must be there, of this version, and nothing can be written. Throws a RegistryError.
 */
export function openRegistryFile(
  path: string,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): SqlRegistry {
  const database = readOnly ? SqliteReader.open(REGISTRY, path) : SqliteDatabase.open(REGISTRY, path);
  return new SqlRegistry(database, () => new SqliteStaging(path));
}

/**
 * The registry on PostgreSQL, for processes of several hosts; undefined where there is none, unless it is made. Throws a
 * RegistryError.
 */
export function openPostgresRegistry(place: PostgresPlace): Promise<SqlRegistry>;
export function openPostgresRegistry(place: PostgresPlace, mode: OpenMode): Promise<SqlRegistry | undefined>;
export async function openPostgresRegistry(
  place: PostgresPlace,
  mode: OpenMode = 'make',
): Promise<SqlRegistry | undefined> {
  const database = await PostgresDatabase.open(REGISTRY, place, mode);
  return database && new SqlRegistry(database, () => stagingOver(database));
}
