import type { RegistryPlace } from '../../line/registry.ts';
import { withRegistryIfAny } from './open-registry.ts';

/** The accounts that have the devices of device registries, by the names of those; none where there is no registry. */
export async function keptAccounts(place: RegistryPlace): Promise<ReadonlyMap<string, string>> {
  const backlog = await withRegistryIfAny(
    place,
    async (registry) => (await registry?.outbox.backlog()) ?? [],
  );
  return new Map(
    backlog.flatMap(({ registry, account }) => (account === undefined ? [] : [[registry, account]])),
  );
}
