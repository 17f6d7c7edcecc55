import type { Registry } from '../../registry/registry.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import { openRegistry, registryName } from '../../line/registry.ts';
import type { RegistryPlace } from '../../line/registry.ts';
import type { OpenMode } from '../../sql/sql-database.ts';
import { CommandError } from '../exit-status.ts';

/**
 * Lends the registry of a line for reading, whether the line runs or not. Throws `unknown`, with what can be asked
 * without it, where there is none, and RegistryError.
 */
export async function withRegistry<T>(
  place: RegistryPlace,
  use: (registry: Registry) => Promise<T>,
): Promise<T> {
  return await withRegistryIfAny(place, async (registry) => {
    if (registry === undefined) throw noRegistry(place);
    return await use(registry);
  });
}

/** As `withRegistry`, for commands that can do without one: undefined where there is none, and none is made. */
export async function withRegistryIfAny<T>(
  place: RegistryPlace,
  use: (registry: SqlRegistry | undefined) => Promise<T>,
): Promise<T> {
  return await lend(place, 'read', use);
}

/** As `withRegistryIfAny`, and for writing: its schema is brought up to date. */
export async function withWritableRegistry<T>(
  place: RegistryPlace,
  use: (registry: Registry | undefined) => Promise<T>,
): Promise<T> {
  return await lend(place, 'update', use);
}

async function lend<T>(
  place: RegistryPlace,
  mode: OpenMode,
  use: (registry: SqlRegistry | undefined) => Promise<T>,
): Promise<T> {
  const registry = await openRegistry(place, mode);
  try {
    return await use(registry);
  } finally {
    await registry?.close();
  }
}

function noRegistry(place: RegistryPlace): CommandError {
  const name = registryName(place);
  const why =
    place.config.registry === undefined
      ? 'no line has run on this state folder, or its orchestrator works on another host. Run this there, or name the folder with --state'
      : 'no orchestrator has run with it yet. Start one, or correct "registry" in the configuration';
  return new CommandError('unknown', `There is no registry ${name}: ${why}. ${FROM_TEMPORAL}`);
}

/** What needs only the Temporal server of the line. */
const FROM_TEMPORAL =
  'From here, if TEMPORAL_ADDRESS names the server of the line, these still work: "certline line status", "certline unit list --waiting", "certline batch watch", "batch rerun" and "batch cancel" with the whole id of a batch, and "certline unit retry", "unit skip" and "unit scrap".';
