import { existsSync } from 'node:fs';
import type { Registry } from '../../registry/registry.ts';
import { SqliteRegistry } from '../../registry/sqlite/sqlite-registry.ts';
import { registryPath } from '../../line/state-folder.ts';

/**
 * Lends the registry of a state folder for reading, whether a line runs on it or not; undefined where none was made yet,
 * and none is made. Throws RegistryError.
 */
export async function withRegistry<T>(
  stateFolder: string,
  use: (registry: Registry | undefined) => Promise<T>,
): Promise<T> {
  return await lend(stateFolder, { readOnly: true }, use);
}

/** As `withRegistry`, and for writing: its schema is brought up to date. */
export async function withWritableRegistry<T>(
  stateFolder: string,
  use: (registry: Registry | undefined) => Promise<T>,
): Promise<T> {
  return await lend(stateFolder, { readOnly: false }, use);
}

async function lend<T>(
  stateFolder: string,
  options: { readonly readOnly: boolean },
  use: (registry: Registry | undefined) => Promise<T>,
): Promise<T> {
  const path = registryPath(stateFolder);
  if (!existsSync(path)) return await use(undefined);
  const registry = new SqliteRegistry(path, options);
  try {
    return await use(registry);
  } finally {
    registry.close();
  }
}
