import type { LineConfig } from '../../line/config.ts';
import type { RegistryPlace } from '../../line/registry.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { withoutConfiguration } from '../registry/without-configuration.ts';
import { fail } from './finding.ts';
import type { Finding } from './finding.ts';

/** Device registries that lots wait for, and that the configuration does not have. */
export async function checkOutbox(
  place: RegistryPlace & { readonly config: Pick<LineConfig, 'registries'> },
): Promise<Finding[]> {
  const depths = await withRegistryIfAny(
    place,
    async (registry) => (await registry?.outbox.depths()) ?? [],
  ).catch(
    // What is wrong with the registry is said already.
    () => [],
  );
  const configured = new Set(place.config.registries.map(({ name }) => name));
  return depths.flatMap(({ registry, waiting, parked }) =>
    waiting + parked === 0 || configured.has(registry)
      ? []
      : [fail(`registry ${registry}`, 'configuration', withoutConfiguration(registry))],
  );
}
