import type { CheckedPermission } from '../registry/device-registry.ts';
import { DeviceRegistryError } from '../registry/device-registry-error.ts';
import type { DeviceRegistryConfig } from './device-registry-config.ts';
import { openDeviceRegistry } from './device-registries.ts';

/** Nobody waits longer than this for all of them. */
const PATIENCE_MS = 60_000;

/** A permission of one device registry. */
export interface CheckedRegistry extends CheckedPermission {
  readonly registry: string;
}

/** Tries each permission of each device registry, in the order of the configuration, without changing anything. */
export async function checkDeviceRegistries(
  stateFolder: string,
  configs: readonly DeviceRegistryConfig[],
): Promise<CheckedRegistry[]> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const checks = configs.map(async (config): Promise<CheckedRegistry[]> => {
    const registry = await openDeviceRegistry(stateFolder, config);
    try {
      const permissions = await registry.check(signal);
      return permissions.map((permission) => ({ registry: config.name, ...permission }));
    } catch (error) {
      if (!(error instanceof DeviceRegistryError)) throw error;
      return [{ registry: config.name, permission: 'answer', fault: error.message }];
    } finally {
      await registry.close();
    }
  });
  return (await Promise.all(checks)).flat();
}
