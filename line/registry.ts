import { isThere } from '../disk/is-there.ts';
import { openPostgresRegistry, openRegistryFile } from '../registry/record/open-registry.ts';
import type { SqlRegistry } from '../registry/record/sql-registry.ts';
import { postgresName } from '../sql/postgres-place.ts';
import type { OpenMode } from '../sql/sql-database.ts';
import type { LineConfig } from './config.ts';
import { registryPath } from './state-folder.ts';

/** The settings that say where the registry of a factory line is. */
export interface RegistryPlace {
  readonly stateFolder: string;
  readonly config: Pick<LineConfig, 'registry'>;
}

/**
 * Opens the registry of a factory line: on PostgreSQL where that is configured, else the file in the state folder. Undefined
 * where there is none, unless it is made. Close it when done. Throws a RegistryError.
 */
export function openRegistry(place: RegistryPlace, mode: 'make'): Promise<SqlRegistry>;
export function openRegistry(place: RegistryPlace, mode: OpenMode): Promise<SqlRegistry | undefined>;
export async function openRegistry(
  { stateFolder, config }: RegistryPlace,
  mode: OpenMode,
): Promise<SqlRegistry | undefined> {
  if (config.registry !== undefined) return await openPostgresRegistry(config.registry, mode);
  const path = registryPath(stateFolder);
  if (mode !== 'make' && !isThere(path)) return undefined;
  return openRegistryFile(path, { readOnly: mode === 'read' });
}

/** The registry in sentences: a path, or host and database. */
export function registryName({ stateFolder, config }: RegistryPlace): string {
  return config.registry === undefined ? registryPath(stateFolder) : postgresName(config.registry);
}
