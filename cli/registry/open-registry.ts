import { existsSync } from 'node:fs';
import type { Registry } from '../../registry/registry.ts';
import { SqliteRegistry } from '../../registry/sqlite/sqlite-registry.ts';
import { registryPath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';

/**
 * Lends the registry of a state folder for reading, whether a line runs on it or not. Throws `unknown`, with what can be
 * asked without it, where there is none, and RegistryError.
 */
export async function withRegistry<T>(
  stateFolder: string,
  use: (registry: Registry) => Promise<T>,
): Promise<T> {
  return await withRegistryIfAny(stateFolder, async (registry) => {
    if (registry === undefined) throw noRegistry(stateFolder);
    return await use(registry);
  });
}

/** As `withRegistry`, for commands that can do without one: undefined where there is none, and none is made. */
export async function withRegistryIfAny<T>(
  stateFolder: string,
  use: (registry: Registry | undefined) => Promise<T>,
): Promise<T> {
  return await lend(stateFolder, { readOnly: true }, use);
}

/** As `withRegistryIfAny`, and for writing: its schema is brought up to date. */
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

function noRegistry(stateFolder: string): CommandError {
  const path = registryPath(stateFolder);
  return new CommandError(
    'unknown',
    `There is no registry ${path}: no line has run on this state folder, or its orchestrator works on another host. ` +
      `Run this there, or name the folder with --state. ${FROM_TEMPORAL}`,
  );
}

/** What needs only the Temporal server of the line. */
const FROM_TEMPORAL =
  'From here, if TEMPORAL_ADDRESS names the server of the line, these still work: "certline line status", "certline unit list --waiting", "certline batch watch", "batch rerun" and "batch cancel" with the whole id of a batch, and "certline unit retry", "unit skip" and "unit scrap".';
